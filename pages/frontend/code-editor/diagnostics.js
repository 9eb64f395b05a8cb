// Issues of the engine as CodeMirror diagnostics.

// An issue is {line, column?, severity?, message}, counted from 1. One without a column marks its
// whole line; one past the end marks the last line, so that no message is lost.
export function toDiagnostics(issues, doc) {
  return (issues ?? []).map((issue) => {
    const line = doc.line(clamp(issue.line ?? 1, 1, doc.lines))
    const from = clamp(line.from + (issue.column ?? 1) - 1, line.from, line.to)
    return { from, to: line.to, severity: issue.severity ?? "error", message: issue.message }
  })
}

function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high)
}
