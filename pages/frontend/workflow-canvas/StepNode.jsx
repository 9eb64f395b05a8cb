// One step: its type, its name, the API it calls, how it fared last.

import { Handle, Position } from "@xyflow/react"
import { createContext, memo, useContext } from "react"

// {status, marks, pinned, types}: what Python knows of the steps by id, apart from the drawing, so
// that a run recolours steps without touching what the author is drawing.
export const Known = createContext({ status: {}, marks: {}, pinned: [], types: {} })

const TAGS = { sql: "SQL", http: "HTTP", script: "PY", workflow: "FLOW" }

export const StepNode = memo(function StepNode({ id, data, selected }) {
  const known = useContext(Known)
  const { state, ms } = known.status[id] ?? {}
  const mark = known.marks[id]
  const type = known.types[data.fields.api_id] ?? data.fields.type
  const classes = ["step", state && `is-${state}`, mark && `has-${mark.severity}`, selected && "is-selected"]
  return (
    <div className={classes.filter(Boolean).join(" ")} title={mark?.message}>
      <Handle type="target" position={Position.Left} role="img" aria-label={`Into ${id}`} />
      <span className={`tag tag-${type}`}>{TAGS[type] ?? "?"}</span>
      <div className="names">
        <b>{id}</b>
        <small>{data.fields.api_id || "choose an API"}</small>
      </div>
      <div className="facts">
        <div className="flags">
          {flagsOf(data.fields, known.pinned.includes(id)).map((flag) => (
            <span key={flag} className="flag">
              {flag}
            </span>
          ))}
          {state && <i className="dot" role="img" aria-label={state} />}
          {mark && <i className="mark" role="img" aria-label={mark.message}>!</i>}
        </div>
        {ms != null && <em>{shown(ms)}</em>}
      </div>
      <Handle type="source" position={Position.Right} role="img" aria-label={`Out of ${id}`} />
    </div>
  )
})

function flagsOf(fields, isPinned) {
  return [fields.when != null && "if", fields.for_each != null && "each", isPinned && "pinned"].filter(Boolean)
}

function shown(ms) {
  if (ms < 10) return `${ms.toFixed(1)} ms`
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}
