"""The state of one workflow's builder: one body, and three places where it is changed.

Canvas, JSON editor and inspector each show a revision of the body; whoever changes it raises the
revisions of the other two, so that no place is overwritten by what it has said itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pages.components.workflow.drawing import positions_of, tree_of
from pages.components.workflow.layout import Position
from pages.components.workflow.live_run import LiveRun
from pages.components.workflow.tree import Tree, read, renamed, write

Place = Literal["canvas", "json", "inspector"]
Asked = Literal["run", "save"]
Pane = Literal["Step", "Test"]


@dataclass(slots=True)
class WorkflowDesk:
    """What the builder of one workflow holds besides the working copy.

    Attributes:
        body: The logic body that all places show or will show.
        tree: Its tree; None while it cannot be drawn.
        positions: Where the author put the steps; no part of the definition.
        selected: The step in the inspector.
        pinned: Answers of steps that are not run in a test but taken as given.
        run: The test that was started last.
        asked: What was asked for by a key on the canvas, until it is done.
        pane: What to show beside the canvas next, until it is shown.
        until: The step to run to, until that is begun.
        wanted: What is typed into the palette where the browser does not have all APIs.
        work_rev: The revision of the working copy that the body was taken from.
    """

    body: str
    tree: Tree | None = None
    positions: dict[str, Position] = field(default_factory=dict)
    selected: str | None = None
    pinned: dict[str, Any] = field(default_factory=dict)
    revs: dict[Place, int] = field(default_factory=lambda: {"canvas": 0, "json": 0, "inspector": 0})
    run: LiveRun | None = None
    asked: Asked | None = None
    pane: Pane | None = None
    until: str | None = None
    wanted: str = ""
    work_rev: int = 0

    def __post_init__(self) -> None:
        self.tree = read(self.body)

    def renew(self, body: str, work_rev: int) -> None:
        """Take over the body of a working copy that was replaced as a whole."""
        if work_rev != self.work_rev:
            self.work_rev = work_rev
            self.follow(body)

    def follow(self, body: str) -> None:
        """Take over a body that was typed."""
        if body != self.body:
            self._set(body, read(body), by="json")

    def edit(self, tree: Tree) -> None:
        """Take over what the inspector made of the tree."""
        if tree != self.tree:
            self._set(write(tree), tree, by="inspector")

    def take_drawing(self, graph: Mapping[str, Any], rev: int) -> None:
        """Take over what was drawn, unless it was drawn on a graph that has been replaced."""
        if self.tree is None or graph["rev"] != rev:
            return
        self.positions = positions_of(graph)
        tree = tree_of(graph, self.tree)
        if tree != self.tree:
            self._set(write(tree), tree, by="canvas")

    def select(self, name: str) -> None:
        """Show a step's form."""
        self.selected = name
        self.pane = "Step"

    def rename(self, old: str, new: str) -> None:
        """Call a step otherwise, wherever it is named."""
        if self.tree is None:
            return
        for held in (self.positions, self.pinned):
            if old in held:
                held[new] = held.pop(old)
        self.selected = new
        self.edit(renamed(self.tree, old, new))

    def take_asked(self) -> Asked | None:
        """What was asked for on the canvas, and forget it."""
        asked, self.asked = self.asked, None
        return asked

    def tidy(self) -> None:
        """Forget where the steps were put."""
        self.positions = {}
        self.revs["canvas"] += 1

    def _set(self, body: str, tree: Tree | None, *, by: Place) -> None:
        self.body, self.tree = body, tree
        for place in self.revs:
            self.revs[place] += place != by
        names = {node["id"] for node in tree["nodes"]} if tree else set()
        self.pinned = {name: data for name, data in self.pinned.items() if name in names}
