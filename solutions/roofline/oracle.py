"""Second methods: batches tried one after another, and a memory that counts its accesses."""

from solutions.roofline.roofline import decode_step

MOST = 4096
"""No suite asks for a larger batch."""


def compute_bound_batch(model, context, weight_bytes, kv_bytes, device):
    for batch in range(1, MOST):
        step = decode_step(model, batch, context, weight_bytes, kv_bytes, device)
        if step["bound"] == "compute":
            return batch
    return None


class Memory:
    """Names that lie in memory, and the bytes that went in and out."""

    def __init__(self, sizes, held):
        self.sizes, self.held, self.moved = sizes, set(held), 0

    def read(self, name):
        if name not in self.held:
            raise ValueError(f"{name} is not there yet")
        self.moved += self.sizes[name]

    def write(self, name):
        if name in self.held:
            raise ValueError(f"{name} is there already")
        self.held.add(name)
        self.moved += self.sizes[name]


def fusion_traffic(ops, sizes, outputs):
    made = [output for output, _ in ops]
    if any(name not in made for name in outputs):
        raise ValueError("an output is produced by no operation")
    given = {name for _, inputs in ops for name in inputs if name not in made}
    memory, kernel = Memory(sizes, given), Memory(sizes, given)
    registers = {}
    for output, inputs in ops:
        for name in dict.fromkeys(inputs):
            memory.read(name)
            if name not in registers:
                kernel.read(name)
                registers[name] = True
        memory.write(output)
        registers[output] = True
    for name in dict.fromkeys(outputs):
        kernel.write(name)
    return memory.moved, kernel.moved
