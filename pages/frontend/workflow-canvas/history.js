// Undo and redo: the drawings before and after, most recent last.

import { useCallback, useRef } from "react"

const MAX_STEPS = 100

export function useHistory(current, restore) {
  const past = useRef([])
  const future = useRef([])

  const remember = useCallback(() => {
    past.current = [...past.current, current()].slice(-MAX_STEPS)
    future.current = []
  }, [current])

  const undo = useCallback(() => {
    const before = past.current.pop()
    if (!before) return
    future.current.push(current())
    restore(before)
  }, [current, restore])

  const redo = useCallback(() => {
    const after = future.current.pop()
    if (!after) return
    past.current.push(current())
    restore(after)
  }, [current, restore])

  return { remember, undo, redo, canUndo: past.current.length > 0, canRedo: future.current.length > 0 }
}
