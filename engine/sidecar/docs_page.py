"""The page that shows the OpenAPI document with Swagger UI, served without any other host."""

from starlette.staticfiles import StaticFiles

ASSETS_PATH = "/docs/assets"

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API Engine</title>
<link rel="stylesheet" href="docs/assets/swagger-ui.css">
<link rel="icon" href="data:,">
<style>
form { display: flex; gap: 8px; align-items: center; padding: 12px 20px; background: #f2f4f8;
  font: 14px sans-serif; }
input { flex: 0 1 420px; padding: 6px 8px; font: 13px monospace; }
</style>
</head>
<body>
<form id="credentials">
<label for="key">API key</label>
<input id="key" type="password" autocomplete="off" placeholder="ae_…">
<button>Show the APIs I may call</button>
</form>
<div id="document"></div>
<script src="docs/assets/swagger-ui-bundle.js"></script>
<script>
let key = "";
const withKey = (request) => {
  if (key) request.headers["X-API-Key"] = key;
  return request;
};
const show = () => SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#document",
  deepLinking: true,
  requestInterceptor: withKey,
  validatorUrl: null,
});
document.getElementById("credentials").addEventListener("submit", (event) => {
  event.preventDefault();
  key = document.getElementById("key").value.trim();
  show();
});
show();
</script>
</body>
</html>
"""
"""Addresses are relative, so that they hold wherever the application is mounted. The key stays in
the page's memory."""


def assets() -> StaticFiles:
    """Swagger UI's script and styles, as the installed package `fastapi-offline` carries them."""
    return StaticFiles(packages=[("fastapi_offline", "static")])
