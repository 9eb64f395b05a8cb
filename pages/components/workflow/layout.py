"""Places the steps of a workflow: what waits stands to the right of what it waits for.

A layered layout after Sugiyama: a step's layer is its longest way from a step that waits for
nothing, and within a layer steps stand by the middle of those they wait for.
"""

from collections.abc import Mapping, Sequence

Position = tuple[float, float]
Pairs = Sequence[tuple[str, str]]
_Place = str | tuple[str, str, int]

COLUMN_PX = 250
ROW_PX = 100
STEP_PX = (220, 70)


def layered(names: Sequence[str], pairs: Pairs) -> dict[str, Position]:
    """A place for each step, each layer centred about the same height.

    A wait that passes a layer takes a place in it, so that its line runs over no step.
    """
    layers: list[list[_Place]] = [list(layer) for layer in layers_of(names, pairs)]
    waits = _short_waits(layers, pairs)
    rows: dict[_Place, float] = {}
    for layer in layers:
        ordered = sorted(layer, key=lambda place: _middle(place, waits, rows))
        top = -(len(ordered) - 1) / 2
        rows |= {place: top + index for index, place in enumerate(ordered)}
    return {
        place: (float(column * COLUMN_PX), rows[place] * ROW_PX)
        for column, layer in enumerate(layers)
        for place in layer
        if isinstance(place, str)
    }


def layers_of(names: Sequence[str], pairs: Pairs) -> list[list[str]]:
    """The steps by layer, in the order given; steps in a circle stand where the circle is met."""
    depth = dict.fromkeys(names, 0)
    for _ in names:
        deeper = {
            target: max(depth[source] + 1 for source, other in pairs if other == target)
            for _, target in pairs
        }
        deeper = {name: min(value, len(names) - 1) for name, value in deeper.items()}
        if all(depth[name] == value for name, value in deeper.items()):
            break
        depth |= deeper
    used = sorted(set(depth.values()))
    return [[name for name in names if depth[name] == number] for number in used]


def placed(
    names: Sequence[str], pairs: Pairs, positions: Mapping[str, Position]
) -> dict[str, Position]:
    """The positions given, and for each other step a free place near its layer's."""
    proposed = layered(names, pairs)
    places = {name: positions[name] for name in names if name in positions}
    for name in names:
        if name not in places:
            places[name] = _free(proposed[name], list(places.values()))
    return places


def _short_waits(layers: list[list[_Place]], pairs: Pairs) -> list[tuple[_Place, _Place]]:
    """The waits cut into pieces from layer to layer; the places between are added to the layers."""
    column = {place: number for number, layer in enumerate(layers) for place in layer}
    waits: list[tuple[_Place, _Place]] = []
    for source, target in pairs:
        last: _Place = source
        for number in range(column[source] + 1, column[target]):
            between = (source, target, number)
            layers[number].append(between)
            waits.append((last, between))
            last = between
        waits.append((last, target))
    return waits


def _middle(
    place: _Place, waits: Sequence[tuple[_Place, _Place]], rows: Mapping[_Place, float]
) -> float:
    before = [rows[source] for source, target in waits if target == place and source in rows]
    return sum(before) / len(before) if before else 0.0


def _free(place: Position, taken: Sequence[Position]) -> Position:
    x, y = place
    while any(abs(x - left) < STEP_PX[0] and abs(y - top) < STEP_PX[1] for left, top in taken):
        y += ROW_PX
    return x, y
