"""The parts of the workflow builder: the graph as values, the canvas, the view of a run."""
