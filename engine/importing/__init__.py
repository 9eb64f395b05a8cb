"""Definitions made from what others wrote: OpenAPI documents, SQL files, cURL, Postman."""

from engine.importing.curl_line import read_curl
from engine.importing.openapi import read_openapi
from engine.importing.postman import read_postman
from engine.importing.proposal import LeftOut, Proposal, Proposed
from engine.importing.service import Imports, Plan, PlannedApi
from engine.importing.sql_files import read_sql_files, read_sql_folder

__all__ = [
    "Imports",
    "LeftOut",
    "Plan",
    "PlannedApi",
    "Proposal",
    "Proposed",
    "read_curl",
    "read_openapi",
    "read_postman",
    "read_sql_files",
    "read_sql_folder",
]
