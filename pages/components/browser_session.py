"""Talks with the browser about its session: keep the cookie, forget it, return to a link.

Streamlit can read cookies and not set them. So the browser hands a ticket, which is good once and
for a minute, to a route of this process, which answers with the cookie; no script sees the token.
"""

from typing import Literal, TypedDict

import streamlit as st

from pages.components.state import BROWSER_TASK

_SCRIPT = """
const RETURN_TO = "api-engine-return-to"
const session = (options) =>
  fetch(new URL("api/auth/session", document.baseURI), {credentials: "same-origin", ...options})

const tasks = {
  remember: async () => sessionStorage.setItem(RETURN_TO, location.href),
  return: async () => {
    const link = sessionStorage.getItem(RETURN_TO)
    sessionStorage.removeItem(RETURN_TO)
    if (link && link !== location.href) location.replace(link)
  },
  keep: async (ticket) => {
    sessionStorage.removeItem(RETURN_TO)
    await session({
      method: "POST",
      headers: {"Content-Type": "application/json"},
      body: JSON.stringify({ticket}),
    })
  },
  forget: async () => session({method: "DELETE"}),
}

let done = ""
export default function ({data, setTriggerValue}) {
  const id = JSON.stringify(data)
  if (id === done) return
  done = id
  tasks[data.task](data.ticket).finally(() => setTriggerValue("done", data.task))
}
"""

Task = Literal["remember", "return", "keep", "forget"]


class BrowserTask(TypedDict, total=False):
    """What the browser has to do, and with which ticket."""

    task: Task
    ticket: str


_mount = st.components.v2.component("browser-session", html="<span></span>", js=_SCRIPT)


def ask_browser(task: Task, ticket: str = "") -> None:
    """Have the browser do something, as soon as `browser_session` is drawn."""
    BROWSER_TASK.put({"task": task, "ticket": ticket})


def browser_session() -> None:
    """Draw what carries out the task there is; draws nothing otherwise."""
    task = BROWSER_TASK.get()
    if task:
        _mount(key="browser-session", data=dict(task), on_done_change=_forget_task)


def _forget_task() -> None:
    BROWSER_TASK.put({})
