// The APIs there are, to be found by typing, and added by click, Enter or dragging onto the canvas.
// Where they are too many to send, Python looks for what is typed: `answered` is the text that `apis`
// match, and null where they are all.

import { useEffect, useRef, useState } from "react"

export const DRAGGED = "application/x-workflow-api"
const SHOWN = 60
const ASK_MS = 150

export function Palette({ apis, answered, onAdd, onWanted }) {
  const [isOpen, setOpen] = useState(false)
  const [wanted, setWanted] = useState("")
  const search = useRef(null)
  const opener = useRef(null)
  useEffect(() => {
    if (isOpen) search.current.focus()
  }, [isOpen])

  const text = wanted.trim().toLowerCase()
  const isAnswered = answered === null || answered === text
  useEffect(() => {
    if (isAnswered) return undefined
    const timer = setTimeout(() => onWanted(text), ASK_MS)
    return () => clearTimeout(timer)
  }, [text, isAnswered])

  const found = answered === null ? apis.filter((api) => `${api.name} ${api.type}`.includes(text)) : apis
  const close = () => {
    setOpen(false)
    setWanted("")
  }
  const add = (api) => {
    close()
    onAdd(api)
  }
  const onKeyDown = (event) => {
    event.stopPropagation()
    if (event.key === "Escape") {
      close()
      opener.current.focus()
    }
    if (event.key === "Enter" && event.target === search.current && isAnswered && found.length) add(found[0])
  }

  return (
    <div className="palette">
      <button ref={opener} className="strong" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        + Add step
      </button>
      {isOpen && (
        <div className="choices nowheel nodrag nopan" onKeyDown={onKeyDown}>
          <input
            ref={search}
            value={wanted}
            placeholder="Find an API"
            aria-label="Find an API"
            onChange={(event) => setWanted(event.target.value)}
          />
          <ul>
            {found.slice(0, SHOWN).map((api) => (
              <li key={api.name}>
                <button
                  draggable
                  title={api.description}
                  onClick={() => add(api)}
                  onDragStart={(event) => event.dataTransfer.setData(DRAGGED, api.name)}
                  onDragEnd={close}
                >
                  <span className={`tag tag-${api.type}`}>{api.type}</span> {api.name}
                </button>
              </li>
            ))}
          </ul>
          {found.length === 0 && <p>{apis.length ? "No API is called so." : "There is no published API yet."}</p>}
          {found.length > SHOWN && <p>There are more; type to find them.</p>}
        </div>
      )}
    </div>
  )
}
