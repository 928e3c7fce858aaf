"""The standard library's graphlib, as an independent implementation of the schedule."""

from graphlib import CycleError, TopologicalSorter


def schedule(steps, done=()):
    order = [step["id"] for step in steps if step["id"] not in done]
    sorter = TopologicalSorter()
    for step in steps:
        if step["id"] in done:
            continue
        before = [name for name in step["depends"] if name not in done]
        if not set(before) <= set(order):
            # It takes a dependency that nobody defined for a step without dependencies.
            raise ValueError("a step depends on one that does not exist")
        sorter.add(step["id"], *before)
    try:
        sorter.prepare()
    except CycleError as error:
        raise ValueError("steps depend on each other in a cycle") from error
    levels = []
    while sorter.is_active():
        ready = sorter.get_ready()
        levels.append(sorted(ready, key=order.index))
        sorter.done(*ready)
    return levels
