"""What a folder of definitions holds beside APIs and assets: rules, screens, tools and alerts."""

from engine.file_kinds.alerts import AlertKind
from engine.file_kinds.folder import KINDS, Folder, read_definitions
from engine.file_kinds.kind import FileKind, FindApi
from engine.file_kinds.planning import Kept, KindPlan, planned_kind
from engine.file_kinds.rules import RuleKind
from engine.file_kinds.schemas import SCHEMAS
from engine.file_kinds.screens import ScreenKind
from engine.file_kinds.tools import ToolKind

__all__ = [
    "KINDS",
    "SCHEMAS",
    "AlertKind",
    "FileKind",
    "FindApi",
    "Folder",
    "Kept",
    "KindPlan",
    "RuleKind",
    "ScreenKind",
    "ToolKind",
    "planned_kind",
    "read_definitions",
]
