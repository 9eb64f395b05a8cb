"""Every page of the dashboard in the sidebar's order: where it is, its name, what it is for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One page.

    Attributes:
        path: The script, below `pages/`.
        icon: The name of a Material symbol.
        about: One line on what it is for; a tooltip, and what a search shows.
        url_path: The address, where it is not the script's name.
        is_listed: Whether the sidebar shows it; others are opened by links alone.
    """

    path: str
    title: str
    icon: str
    about: str
    url_path: str | None = None
    is_listed: bool = True

    @property
    def address(self) -> str:
        """The page's part of the URL."""
        name = self.path.rsplit("/", 1)[-1].removesuffix(".py")
        return "" if self is HOME else self.url_path or name


HOME = Entry("home.py", "Home", "space_dashboard", "What is here, health, recent failures")

SECTIONS: Mapping[str, Sequence[Entry]] = {
    "": (HOME,),
    "Build": (
        Entry("build/apis.py", "APIs", "api", "Find, run and manage APIs"),
        Entry(
            "build/new.py",
            "New API",
            "add_circle",
            "Start an API from a query, a call, a script or a workflow",
            url_path="new-api",
        ),
        Entry(
            "build/import_apis.py",
            "Import",
            "upload_file",
            "APIs from OpenAPI, SQL files, cURL and Postman",
            url_path="import",
        ),
        Entry(
            "build/policy_lab.py",
            "Policy lab",
            "science",
            "Let a target fail and see how the policies react",
            url_path="policy-lab",
        ),
        Entry(
            "build/assets.py",
            "Assets",
            "inventory_2",
            "Policies, queries and mappings that APIs share",
            url_path="asset-registry",  # `assets` is the path of the browser components
        ),
        Entry("build/one_asset.py", "Asset", "inventory_2", "", url_path="asset", is_listed=False),
        # The address is not `api`: that path is the REST API's.
        Entry("build/api.py", "API", "api", "", url_path="definition", is_listed=False),
    ),
    "Operate": (
        Entry("operate/runs.py", "Runs", "history", "The execution log"),
        Entry("operate/compare.py", "Compare runs", "compare_arrows", "", is_listed=False),
        Entry(
            "operate/jobs.py", "Jobs", "pending_actions", "Long executions: follow, stop, resume"
        ),
        Entry(
            "operate/metrics.py",
            "Metrics",
            "monitoring",
            "Calls, durations, errors and cache hits over time",
        ),
        Entry(
            "operate/breakers.py",
            "Breakers",
            "electric_bolt",
            "State and history of circuit breakers; force and reset them",
        ),
        Entry("operate/cache.py", "Cache", "cached", "Hit rate, what is cached, dropping answers"),
        Entry("operate/limits.py", "Limits", "speed", "Who uses how much of which rate limit now"),
        Entry("operate/alerts.py", "Alerts", "notifications", "Told when figures cross a line"),
        Entry("operate/rules.py", "Rules", "rule", "APIs called by events, metrics and the clock"),
    ),
    "Share": (
        Entry("share/screens.py", "Screens", "dashboard", "Pages of numbers, charts and tables"),
        Entry("share/tools.py", "Tools", "smart_toy", "APIs that agents may call"),
        Entry("share/tool.py", "Tool", "smart_toy", "", is_listed=False),
        Entry("share/screen.py", "Screen", "dashboard", "", is_listed=False),
        Entry(
            "share/screen_editor.py",
            "Screen editor",
            "edit",
            "",
            url_path="screen-editor",
            is_listed=False,
        ),
    ),
    "Admin": (
        Entry("admin/connections.py", "Connections", "database", "Query targets and their tables"),
        Entry("admin/secrets.py", "Secrets", "key", "What HTTP APIs use and nobody may read"),
        Entry(
            "admin/access.py",
            "Access",
            "admin_panel_settings",
            "API keys, users, roles, and who may do what",
        ),
        Entry(
            "admin/settings.py", "Settings", "tune", "Ceilings, new APIs, and what is in force here"
        ),
        Entry(
            "admin/security.py", "Security", "shield", "What makes this instance easier to attack"
        ),
    ),
}
