import threading

import anyio
import pytest

from engine.errors import OverloadedError
from engine.sidecar.calls import CallPool

JSON = {"Content-Type": "application/json"}


def chunks(total):
    yield b'{"params": {"x": "'
    for _ in range(total // 1000):
        yield b"x" * 1000
    yield b'"}}'


@pytest.mark.parametrize("how", ["announced", "streamed"])
def test_a_body_past_the_limit_is_refused_in_the_envelope(admin, engine, how):
    size = engine.settings.max_request_bytes + 5000
    content = b"".join(chunks(size)) if how == "announced" else chunks(size)

    response = admin.post("/api-manager/apis/x/execute", content=content, headers=JSON)

    assert response.status_code == 413
    assert response.json()["data"]["error"]["type"] == "payload_too_large"


def test_a_body_within_the_limit_is_read(admin, engine):
    content = chunks(engine.settings.max_request_bytes - 5000)

    response = admin.post("/api-manager/apis/x/execute", content=content, headers=JSON)

    assert response.status_code == 404


def test_calls_past_the_bound_are_refused_and_those_within_it_are_answered():
    async def main():
        pool = CallPool(running=1, waiting=1)
        release = threading.Event()
        answers = []

        async def call(name):
            await pool.run(release.wait)
            answers.append(name)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call, "running")
            await anyio.wait_all_tasks_blocked()
            tasks.start_soon(call, "waiting")
            await anyio.wait_all_tasks_blocked()
            with pytest.raises(OverloadedError) as refusal:
                await pool.run(release.wait)
            release.set()
        return answers, refusal.value

    answers, refusal = anyio.run(main)

    assert answers == ["running", "waiting"]
    assert refusal.retry_after_s == 1
    assert refusal.http_status == 503
