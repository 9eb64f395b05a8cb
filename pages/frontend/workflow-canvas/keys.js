// What the keys mean while the canvas has the focus.

const PLAIN = { Delete: "remove", Backspace: "remove" }
const WITH_CTRL = {
  z: "undo",
  y: "redo",
  c: "copy",
  v: "paste",
  a: "selectAll",
  s: "save",
  enter: "run",
}

export function shortcutOf(event) {
  if (["INPUT", "TEXTAREA", "SELECT"].includes(event.target.tagName)) return null
  if (!event.ctrlKey && !event.metaKey) return PLAIN[event.key] ?? null
  const key = event.key.toLowerCase()
  return key === "z" && event.shiftKey ? "redo" : (WITH_CTRL[key] ?? null)
}
