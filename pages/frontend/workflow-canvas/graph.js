// The drawing as plain values: between Python's graph and React Flow's, and what may be connected.

import { MarkerType } from "@xyflow/react"

const STEP_SIZE = { x: 220, y: 70 }
const FREE_GAP = 24
const LINK_CLASSES = { reads: "reads", handles: "handles" }

export const edgeId = (source, target) => `${source}->${target}`

// Python's graph is {nodes: [{id, fields, handler, at: [x, y]}], edges: [[source, target], …]}.
// `fields` is all that the author wrote of a node; the canvas carries it along, so that undoing a
// deletion brings everything back.
export function nodesOf(graph, selected) {
  return graph.nodes.map(({ id, fields, handler, at }) => ({
    id,
    type: "step",
    position: { x: at[0], y: at[1] },
    selected: id === selected,
    data: { fields, handler },
  }))
}

export function edgesOf(graph) {
  return graph.edges.map(([source, target]) => drawnEdge(source, target))
}

export function drawnEdge(source, target) {
  return {
    id: edgeId(source, target),
    source,
    target,
    ariaLabel: `${target} waits for ${source}`,
    markerEnd: { type: MarkerType.ArrowClosed, width: 18, height: 18 },
  }
}

// What a template reads and who handles whose failure: shown, but changed only where it is written.
export function linkEdges(links, nodes, edges) {
  const ids = new Set(nodes.map((node) => node.id))
  const drawn = new Set(edges.map((edge) => edge.id))
  return links
    .filter(([source, target]) => ids.has(source) && ids.has(target) && !drawn.has(edgeId(source, target)))
    .map(([source, target, kind]) => ({
      ...drawnEdge(source, target),
      id: `${kind}:${edgeId(source, target)}`,
      className: LINK_CLASSES[kind],
      ariaLabel: `${target} ${kind} ${source}`,
      selectable: false,
      focusable: false,
      deletable: false,
    }))
}

export function graphOf(nodes, edges) {
  return {
    nodes: nodes.map(({ id, position, data }) => ({
      id,
      fields: data.fields,
      handler: data.handler,
      at: [Math.round(position.x), Math.round(position.y)],
    })),
    edges: edges.map(({ source, target }) => [source, target]),
  }
}

// Whether a connection is neither a loop, nor drawn already, nor closes a circle.
export function isConnectable({ source, target }, edges, links) {
  if (source === target || edges.some((edge) => edge.id === edgeId(source, target))) return false
  const pairs = [...edges.map((edge) => [edge.source, edge.target]), ...links]
  return !reaches(target, source, pairs)
}

function reaches(from, to, pairs) {
  const pending = [from]
  const seen = new Set()
  while (pending.length) {
    const id = pending.pop()
    if (id === to) return true
    if (seen.has(id)) continue
    seen.add(id)
    for (const [source, target] of pairs) if (source === id) pending.push(target)
  }
  return false
}

// An API's name as a node id that no node has: letters, digits and _ only.
export function freeId(name, nodes) {
  const usable = name.replace(/\W/g, "_").replace(/^(\d)/, "_$1").slice(0, 55)
  const taken = new Set(nodes.map((node) => node.id))
  let id = usable
  for (let count = 2; taken.has(id); count += 1) id = `${usable}_${count}`
  return id
}

// The place nearest below `position` where a step covers no other.
export function freePosition({ x, y }, nodes) {
  const covers = (top) =>
    nodes.some(
      ({ position }) =>
        Math.abs(position.x - x) < STEP_SIZE.x && Math.abs(position.y - top) < STEP_SIZE.y,
    )
  let top = y
  while (covers(top)) top += STEP_SIZE.y + FREE_GAP
  return { x, y: top }
}

export function newStep(api, type, position, nodes) {
  return {
    id: freeId(api, nodes),
    type: "step",
    position: freePosition(position, nodes),
    selected: true,
    data: { fields: { type, api_id: api }, handler: null },
  }
}

// Copies of steps and of the edges among them, beside what is there.
export function pasted(copied, nodes) {
  const all = [...nodes]
  const names = new Map()
  for (const node of copied.nodes) {
    const position = freePosition({ x: node.position.x + 40, y: node.position.y + 40 }, all)
    const copy = { ...node, id: freeId(node.id, all), position, selected: true, data: { ...node.data, handler: null } }
    names.set(node.id, copy.id)
    all.push(copy)
  }
  const edges = copied.edges.map((edge) => drawnEdge(names.get(edge.source), names.get(edge.target)))
  return { nodes: all.slice(nodes.length), edges }
}
