"""Every page of the dashboard, and every tab that looks unlike its page, by a name for pictures."""

API = "delays-by-carrier"
REPORT = "worst-carriers-report"

PAGES = {
    "home": "/",
    "apis": "/apis",
    "new-api": "/new-api",
    "import": "/import?from=cURL",
    "policy-lab": "/policy-lab",
    "assets": "/asset-registry",
    "asset": "/asset?asset=gentle",
    "asset-edit-form": "/asset?asset=gentle&part=Edit",
    "api-overview": f"/definition?api={API}",
    "api-edit": f"/definition?api={API}&tab=Edit",
    "api-run": f"/definition?api={API}&tab=Run",
    "api-tests": f"/definition?api={API}&tab=Tests",
    "api-versions": f"/definition?api={API}&tab=Versions",
    "api-runs": f"/definition?api={API}&tab=Runs",
    "api-used": f"/definition?api={API}&tab=Where%20used",
    "script-edit": "/definition?api=delay-scorer&tab=Edit",
    "http-edit": "/definition?api=delays-over-rest&tab=Edit",
    "workflow-edit": f"/definition?api={REPORT}&tab=Edit",
    "runs": "/runs",
    "jobs": "/jobs",
    "metrics": "/metrics",
    "metrics-of-an-api": f"/metrics?of={API}",
    "breakers": "/breakers",
    "cache": "/cache",
    "limits": "/limits",
    "alerts": "/alerts",
    "alert": "/alerts?alert=many-calls-fail",
    "rules": "/rules",
    "rule": "/rules?rule=late-arrival",
    "new-rule": "/rules?rule=%2B",
    "screens": "/screens",
    "screen-operations": "/screen?id=operations-day",
    "screen-network": "/screen?id=network-watch",
    "screen-editor": "/screen-editor?id=operations-day",
    "tools": "/tools",
    "tool": "/tool?tool=find_airport",
    "tool-try": "/tool?tool=find_airport&view=Try%20it",
    "connections": "/connections",
    "secrets": "/secrets",
    "access": "/access",
    "access-users": "/access?tab=Users",
    "access-roles": "/access?tab=Roles",
    "access-groups": "/access?tab=What%20keys%20may%20reach",
    "access-simulator": "/access?tab=Simulator",
    "settings": "/settings",
    "security": "/security",
    "audit-log": "/security?tab=Audit%20log",
}

OF_A_RUN = {"run": "/runs?run={run}", "compare": "/compare?run={run}"}
"""Pages whose address takes the id of an execution."""
EDITORS = frozenset({"api-edit", "script-edit", "http-edit", "workflow-edit"})
