// The workflow canvas component: React Flow kept in step with a Streamlit session.
//
// Python sends `data`: {rev, graph, palette, wanted, types, status, marks, pinned, selected, height,
// label}. The browser answers with the states `graph` (with the `rev` it was drawn on), `selected`
// and `wanted`, and with the triggers `run` (Ctrl+Enter), `save` (Ctrl+S), `tidy` and `open` (a step
// was clicked, also the one that is selected already).

import flowStyle from "@xyflow/react/dist/style.css"
import { ReactFlowProvider } from "@xyflow/react"
import { createElement } from "react"
import { createRoot } from "react-dom/client"

import { Canvas } from "./Canvas.jsx"
import ownStyle from "./style.css"

const roots = new WeakMap()

export default function mount({ data, parentElement, setStateValue, setTriggerValue }) {
  const element = parentElement.querySelector("#workflow-canvas")
  if (!roots.has(parentElement)) {
    const style = document.createElement("style")
    style.textContent = flowStyle + ownStyle
    element.before(style)
    roots.set(parentElement, createRoot(element))
  }
  element.style.height = `${data.height}px`
  const canvas = createElement(Canvas, { data, setState: setStateValue, trigger: setTriggerValue })
  roots.get(parentElement).render(createElement(ReactFlowProvider, null, canvas))
  return () => {
    roots.get(parentElement)?.unmount()
    roots.delete(parentElement)
  }
}
