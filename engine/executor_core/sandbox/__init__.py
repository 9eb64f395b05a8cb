"""The sandbox of scripts: a warm template process, one locked-in child per call, a supervisor.

`boot`, `template`, `child`, `walls`, `stdlib` and `jsonable` run inside the sandbox and know only
the standard library and `engine.jail`; everything else runs in the service.
"""
