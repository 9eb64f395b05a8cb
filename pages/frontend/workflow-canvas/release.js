// Lets a connection end when the mouse is released outside the canvas.
//
// React Flow listens for the end of a drag on its root node. In a shadow root that is not the
// document, so a release elsewhere on the page would never arrive and the line would stick to the
// mouse.

import { useEffect } from "react"

export function useReleaseAnywhere(frame) {
  useEffect(() => {
    const pass = (event) => {
      if (event.composedPath().includes(frame.current)) return
      frame.current?.dispatchEvent(
        new MouseEvent("mouseup", { bubbles: true, clientX: event.clientX, clientY: event.clientY }),
      )
    }
    document.addEventListener("mouseup", pass)
    return () => document.removeEventListener("mouseup", pass)
  }, [frame])
}
