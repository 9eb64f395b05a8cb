// The drawing board. Python replaces the drawing only by a new `rev`; what the author draws goes to
// Python, marked with the `rev` it was drawn on, as soon as it is at rest.

import { Background, Controls, MiniMap, Panel, ReactFlow, useEdgesState, useNodesState, useReactFlow } from "@xyflow/react"
import { useCallback, useEffect, useMemo, useRef } from "react"

import { drawnEdge, edgesOf, graphOf, isConnectable, linkEdges, newStep, nodesOf, pasted } from "./graph.js"
import { useHistory } from "./history.js"
import { shortcutOf } from "./keys.js"
import { DRAGGED, Palette } from "./Palette.jsx"
import { useReleaseAnywhere } from "./release.js"
import { Known, StepNode } from "./StepNode.jsx"

const REST_MS = 60
// Room for the buttons above and below.
const FIT = { maxZoom: 1, minZoom: 0.2, padding: { top: "60px", bottom: "52px", x: "24px" } }
const MINIMAP_FROM = 9
const nodeTypes = { step: StepNode }
const clipboard = { nodes: [], edges: [] }

export function Canvas({ data, setState, trigger }) {
  const [nodes, setNodes, onNodesChange] = useNodesState(nodesOf(data.graph, data.selected))
  const [edges, setEdges, onEdgesChange] = useEdgesState(edgesOf(data.graph))
  const flow = useReactFlow()
  const frame = useRef(null)
  const live = useRef({})
  live.current = { nodes, edges, links: data.graph.links }

  const current = useCallback(() => ({ nodes: live.current.nodes, edges: live.current.edges }), [])
  const restore = useCallback(
    (drawing) => {
      setNodes(drawing.nodes)
      setEdges(drawing.edges)
    },
    [setNodes, setEdges],
  )
  const history = useHistory(current, restore)
  useReplacement({ data, live, history, restore, flow })
  useReports({ data, nodes, edges, setState })
  useFitWhenShown(frame, flow)
  useReleaseAnywhere(frame)

  const focus = () => frame.current?.focus({ preventScroll: true })
  const change = (next) => {
    history.remember()
    restore({ ...current(), ...next })
    // What had the focus may be gone, and with it the way of the next key.
    setTimeout(focus, 0)
  }
  const deselected = (list) => list.map((each) => ({ ...each, selected: false }))
  const chosen = () => ({
    nodes: live.current.nodes.filter((node) => node.selected),
    edges: live.current.edges.filter((edge) => edge.selected),
  })

  const add = (api, at) => {
    const box = frame.current.getBoundingClientRect()
    const middle = { x: box.x + box.width / 2 - 110, y: box.y + box.height / 2 - 30 }
    const step = newStep(api.name, api.type, flow.screenToFlowPosition(at ?? middle), live.current.nodes)
    change({ nodes: [...deselected(live.current.nodes), step] })
  }
  const remove = () => {
    const gone = new Set(chosen().nodes.map((node) => node.id))
    change({
      nodes: live.current.nodes.filter((node) => !node.selected),
      edges: live.current.edges.filter(
        (edge) => !edge.selected && !gone.has(edge.source) && !gone.has(edge.target),
      ),
    })
  }
  const copy = () => {
    const { nodes: copied } = chosen()
    const ids = new Set(copied.map((node) => node.id))
    clipboard.nodes = copied
    clipboard.edges = live.current.edges.filter((edge) => ids.has(edge.source) && ids.has(edge.target))
  }
  const paste = () => {
    if (!clipboard.nodes.length) return
    const copies = pasted(clipboard, live.current.nodes)
    change({
      nodes: [...deselected(live.current.nodes), ...copies.nodes],
      edges: [...deselected(live.current.edges), ...copies.edges],
    })
  }
  const selectAll = () => setNodes((all) => all.map((node) => ({ ...node, selected: true })))
  const commands = {
    undo: history.undo,
    redo: history.redo,
    remove: () => (chosen().nodes.length || chosen().edges.length) && remove(),
    copy,
    paste,
    selectAll,
    run: () => trigger("run", Date.now()),
    save: () => trigger("save", Date.now()),
  }
  const onKeyDown = (event) => {
    const command = shortcutOf(event)
    if (!command) return
    event.preventDefault()
    event.stopPropagation()
    commands[command]()
  }
  const onDrop = (event) => {
    const api = data.palette.find((each) => each.name === event.dataTransfer.getData(DRAGGED))
    if (!api) return
    event.preventDefault()
    add(api, { x: event.clientX - 110, y: event.clientY - 30 })
  }

  const known = useMemo(
    () => ({ status: data.status, marks: data.marks, pinned: data.pinned, types: typesOf(data) }),
    [data.status, data.marks, data.pinned, data.palette, data.types],
  )
  return (
    <Known.Provider value={known}>
      <ReactFlow
        ref={frame}
        tabIndex={-1}
        aria-label={data.label}
        nodes={nodes}
        edges={[...edges, ...linkEdges(data.graph.links, nodes, edges)]}
        nodeTypes={nodeTypes}
        onNodesChange={onNodesChange}
        onEdgesChange={onEdgesChange}
        isValidConnection={(connection) => isConnectable(connection, live.current.edges, live.current.links)}
        onConnect={({ source, target }) => change({ edges: [...live.current.edges, drawnEdge(source, target)] })}
        onNodeDragStart={history.remember}
        onKeyDown={onKeyDown}
        onNodeClick={(_, node) => trigger("open", node.id)}
        onPaneClick={focus}
        onDragOver={(event) => event.preventDefault()}
        onDrop={onDrop}
        // React Flow listens for this key on the whole page; ours is the canvas's alone.
        deleteKeyCode={null}
        connectionRadius={40}
        snapToGrid
        snapGrid={[10, 10]}
        fitView
        fitViewOptions={FIT}
        minZoom={0.2}
        preventScrolling={false}
        zoomOnScroll={false}
        panOnScroll={false}
        proOptions={{ hideAttribution: true }}
      >
        <Background gap={20} />
        <Controls showInteractive={false} fitViewOptions={FIT} orientation="horizontal" />
        {nodes.length >= MINIMAP_FROM && <MiniMap pannable zoomable ariaLabel="Overview of the workflow" />}
        <Panel position="top-left" className="bar">
          <Palette
            apis={data.palette}
            answered={data.wanted}
            onAdd={add}
            onWanted={(text) => setState("wanted", text)}
          />
          <button onClick={() => trigger("tidy", Date.now())}>Tidy up</button>
          <button onClick={history.undo} disabled={!history.canUndo} title="Ctrl+Z">
            Undo
          </button>
          <button onClick={history.redo} disabled={!history.canRedo} title="Ctrl+Shift+Z">
            Redo
          </button>
        </Panel>
        {nodes.length === 0 && (
          <Panel position="bottom-center" className="hint">
            Add a step for each API to call, then drag from the right edge of one to the left edge of the next.
          </Panel>
        )}
      </ReactFlow>
    </Known.Provider>
  )
}

function typesOf({ palette, types }) {
  return { ...Object.fromEntries(palette.map((api) => [api.name, api.type])), ...types }
}

function useReplacement({ data, live, history, restore, flow }) {
  const rev = useRef(data.rev)
  useEffect(() => {
    if (rev.current === data.rev) return
    rev.current = data.rev
    history.remember()
    const isElsewhere = looksElsewhere(data.graph.nodes, live.current.nodes)
    restore({ nodes: nodesOf(data.graph, data.selected), edges: edgesOf(data.graph) })
    if (isElsewhere) setTimeout(() => flow.fitView({ ...FIT, duration: 200 }), 50)
  }, [data.rev])
}

function looksElsewhere(graphNodes, nodes) {
  const places = new Map(nodes.map((node) => [node.id, node.position]))
  return graphNodes.some(({ id, at }) => {
    const place = places.get(id)
    return !place || Math.abs(place.x - at[0]) > 1 || Math.abs(place.y - at[1]) > 1
  })
}

function useReports({ data, nodes, edges, setState }) {
  const graph = JSON.stringify(graphOf(nodes, edges))
  const chosen = nodes.filter((node) => node.selected)
  const selected = chosen.length === 1 ? chosen[0].id : null
  const isDragging = nodes.some((node) => node.dragging)
  const sent = useRef({ rev: data.rev, graph, selected: data.selected ?? null })
  useEffect(() => {
    if (sent.current.rev !== data.rev) {
      const given = graphOf(nodesOf(data.graph), edgesOf(data.graph))
      sent.current = { rev: data.rev, graph: JSON.stringify(given), selected: data.selected ?? null }
      return undefined
    }
    if (isDragging) return undefined
    const timer = setTimeout(() => {
      const before = sent.current
      sent.current = { rev: data.rev, graph, selected }
      if (graph !== before.graph) setState("graph", { rev: data.rev, ...JSON.parse(graph) })
      if (selected !== before.selected) setState("selected", selected)
    }, REST_MS)
    return () => clearTimeout(timer)
  }, [data.rev, graph, selected, isDragging])
}

// A canvas on a hidden tab has no size to fit into until it is shown.
function useFitWhenShown(frame, flow) {
  useEffect(() => {
    let wasHidden = frame.current.offsetWidth === 0
    const observer = new ResizeObserver(() => {
      const isHidden = !frame.current || frame.current.offsetWidth === 0
      if (wasHidden && !isHidden) setTimeout(() => flow.fitView(FIT), 50)
      wasHidden = isHidden
    })
    observer.observe(frame.current)
    return () => observer.disconnect()
  }, [])
}
