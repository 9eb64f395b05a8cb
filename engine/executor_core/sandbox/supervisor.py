"""The service's side of the sandbox: one template, fair slots, and the level that is in force."""

import math
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

from engine.deadline import Deadline
from engine.errors import SandboxUnavailableError, TargetTransientError
from engine.executor_core.sandbox import trial
from engine.executor_core.sandbox.child import Job
from engine.executor_core.sandbox.job import ChildLines, JobOutcome, TemplateLostError, run_job
from engine.executor_core.sandbox.process import Isolation, TemplateProcess
from engine.executor_core.sandbox.slots import Slots
from engine.executor_core.sandbox.temp_folders import TempFolders
from engine.executor_core.sandbox.walls import LEVELS, Level, Request
from engine.model import SandboxPolicy

MAX_ANSWER_BYTES = 1_000_000
_TRIAL_POLICY = SandboxPolicy(memory_mb=64, temp_mb=1)
_USUAL = SandboxPolicy()
_CHILDREN_AHEAD = 2
_TRIAL_WITHIN_S = 10.0
_TRIAL_HOLDS_S = 3600.0
_REFUSAL_HOLDS_S = 60.0

Requirement = Literal["auto", "strict"]


@dataclass(frozen=True)
class _Ready:
    """What is in force until a time: a template at its level, or the refusal of all scripts."""

    template: TemplateProcess | None
    isolation: Isolation
    until: float


class Sandbox:
    """Runs scripts, each in a process of its own; thread-safe.

    Nothing is started before the first script or the first question about isolation. Not to be
    carried over a fork: each process opens its own.

    Args:
        slots: How many scripts may run at once.
        require: `strict` refuses scripts below level A, `auto` below level C.
        unsafe: Run scripts even without any isolation.
        strongest: The best level to try for.
    """

    def __init__(
        self,
        *,
        slots: int | None = None,
        require: Requirement = "auto",
        unsafe: bool = False,
        strongest: Level = "A",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._total_slots = slots or 2 * len(os.sched_getaffinity(0))
        self._require = require
        self._unsafe = unsafe
        self._strongest: Level = strongest
        self._clock = clock
        self._slots = Slots(self._total_slots)
        self._lock = threading.Lock()
        self._folders: TempFolders | None = None
        self._ready: _Ready | None = None
        self._ahead_lock = threading.Lock()
        self._ahead: list[ChildLines] = []

    def run(
        self,
        source: str,
        params: Any,
        input_payload: Any,
        *,
        tenant_id: str,
        policy: SandboxPolicy,
        deadline: Deadline,
    ) -> tuple[JobOutcome, Isolation]:
        """Run a script's `main` once; what came of it, and how well it was isolated.

        Raises:
            OverloadedError: No slot was free in time.
            SandboxUnavailableError: This machine cannot give the required isolation.
            TargetTransientError: The template died while the script ran.
        """
        job = Job(source, params, input_payload, _cpu_limit_s(deadline), MAX_ANSWER_BYTES)
        with self._slots.hold(tenant_id, deadline):
            try:
                return self._attempt(job, policy, deadline)
            except TemplateLostError as lost:
                if lost.started:
                    raise _transient() from lost
            try:
                return self._attempt(job, policy, deadline)
            except TemplateLostError as lost:
                raise _transient() from lost

    def isolation(self) -> Isolation:
        """The level in force; starts and tries the sandbox when that was not done yet."""
        return self._prepared().isolation

    def check(self) -> Isolation:
        """As `isolation`; raises SandboxUnavailableError where scripts are refused."""
        ready = self._prepared()
        self._admitted(ready)
        return ready.isolation

    def close(self) -> None:
        """End the template and all scripts, remove what they left; the next call starts anew."""
        with self._lock:
            self._stop()
            if self._folders is not None:
                self._folders.close()
                self._folders = None

    def _attempt(
        self, job: Job, policy: SandboxPolicy, deadline: Deadline
    ) -> tuple[JobOutcome, Isolation]:
        ready = self._prepared()
        template = self._admitted(ready)
        try:
            outcome = self._run_on(template, ready.isolation.level, job, policy, deadline)
        except TemplateLostError:
            self._discard(template)
            raise
        return outcome, ready.isolation

    def _admitted(self, ready: _Ready) -> TemplateProcess:
        level = ready.isolation.level
        if ready.template is not None and (self._require == "auto" or level == "A"):
            return ready.template
        raise SandboxUnavailableError(
            f"scripts are refused: this machine gives isolation level {level},"
            f" {'A' if self._require == 'strict' else 'C'} is required",
            details={"level": level, "why": list(ready.isolation.why)},
            hint="docs/sandbox.md says what each level needs of the machine.",
        )

    def _prepared(self) -> _Ready:
        with self._lock:
            ready = self._ready
            if ready is None or not self._stands(ready):
                self._stop()
                ready = self._start()
            elif self._clock() >= ready.until and ready.template is not None:
                ready = replace(ready, until=self._clock() + _TRIAL_HOLDS_S)
            self._ready = ready
            return ready

    def _stands(self, ready: _Ready) -> bool:
        """Whether what is in force still is; tried out again when its time is up."""
        due = self._clock() >= ready.until
        if ready.template is None:
            return not due
        return ready.template.alive and not (due and self._problems(ready.template))

    def _start(self) -> _Ready:
        """Take the strongest level at which the trial finds every wall standing."""
        why: list[str] = []
        for strongest in LEVELS[LEVELS.index(self._strongest) :]:
            try:
                template = self._spawn(strongest)
            except SandboxUnavailableError as error:
                why.append(error.message)
                break
            found = template.isolation
            problems = self._problems(template) if found.level == strongest else ()
            why += [reason for reason in found.why if reason not in why]
            why += [f"level {strongest}: {problem}" for problem in problems]
            if found.level == strongest and not problems and self._tolerated(strongest):
                isolation = replace(found, why=tuple(why))
                return _Ready(template, isolation, self._clock() + _TRIAL_HOLDS_S)
            template.close()
        nothing = Isolation(
            level="none", namespaces=False, landlock_abi=0, seccomp=False, files="", why=tuple(why)
        )
        return _Ready(None, nothing, self._clock() + _REFUSAL_HOLDS_S)

    def _tolerated(self, level: Level) -> bool:
        return level != "none" or self._unsafe

    def _spawn(self, strongest: Level) -> TemplateProcess:
        if self._folders is None:
            self._folders = TempFolders()
        return TemplateProcess(
            strongest=strongest, temp_folder=self._folders.path, slots=self._total_slots
        )

    def _problems(self, template: TemplateProcess) -> tuple[str, ...]:
        level = template.isolation.level
        if level == "none":
            return ()
        with trial.Trial(_TRIAL_POLICY.memory_mb) as attacks:
            deadline = Deadline.after(_TRIAL_WITHIN_S)
            cpu_s = _cpu_limit_s(deadline)
            job = Job(trial.TRIAL_SCRIPT, attacks.params, None, cpu_s, MAX_ANSWER_BYTES)
            try:
                outcome = self._run_on(template, level, job, _TRIAL_POLICY, deadline)
            except TemplateLostError:
                return ("the template died during the trial",)
            return (*trial.problems(level, outcome.answer), *attacks.damage())

    def _run_on(
        self,
        template: TemplateProcess,
        level: Level,
        job: Job,
        policy: SandboxPolicy,
        deadline: Deadline,
    ) -> JobOutcome:
        temp_mb = 0 if level == "C" else policy.temp_mb
        request = Request(memory_mb=policy.memory_mb, temp_mb=temp_mb)
        if level in {"B", "none"} and self._folders is not None:
            with self._folders.one(template.script_user) as folder:
                child = ChildLines(template, replace(request, folder=str(folder)))
                return run_job(child, job, deadline)
        outcome = run_job(self._child(template, request), job, deadline)
        self._make_ahead(template, request)
        return outcome

    def _child(self, template: TemplateProcess, request: Request) -> ChildLines:
        with self._ahead_lock:
            for waiting in self._ahead:
                if waiting.template is template and waiting.request == request:
                    self._ahead.remove(waiting)
                    return waiting
        return ChildLines(template, request)

    def _make_ahead(self, template: TemplateProcess, request: Request) -> None:
        """Keep children of the default limits waiting, walls and all, for the next calls."""
        if request.memory_mb != _USUAL.memory_mb or request.temp_mb not in {0, _USUAL.temp_mb}:
            return
        with self._ahead_lock, suppress(TemplateLostError):
            while len(self._ahead) < _CHILDREN_AHEAD:
                self._ahead.append(ChildLines(template, request))

    def _discard(self, template: TemplateProcess) -> None:
        with self._lock:
            if self._ready is not None and self._ready.template is template:
                self._stop()

    def _stop(self) -> None:
        with self._ahead_lock:
            while self._ahead:
                self._ahead.pop().close()
        if self._ready is not None and self._ready.template is not None:
            self._ready.template.close()
        self._ready = None


def _cpu_limit_s(deadline: Deadline) -> int:
    """A second more than the wall clock allows: the deadline shall speak first."""
    return math.ceil(deadline.remaining_s()) + 1


def _transient() -> TargetTransientError:
    return TargetTransientError(
        "the script's sandbox was restarted while it ran",
        hint="Run it again; the script itself may have done nothing wrong.",
    )
