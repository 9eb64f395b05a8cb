"""The workbench of workflows: canvas, inspector, test."""
