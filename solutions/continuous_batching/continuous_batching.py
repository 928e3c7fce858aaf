"""Continuous batching: chunked prefill, preemption, goodput: the reference."""

from dataclasses import dataclass, field

Request = tuple[int, int, int]
"""(arrival step, prompt tokens, output tokens)"""


def static_batching(
    requests: list[Request], batch_size: int, token_budget: int
) -> dict[str, list[int]]:
    """Serve fixed groups, each of which starts and ends as a whole.

    >>> static_batching([(0, 4, 3), (0, 2, 1)], batch_size=2, token_budget=4)
    {'first_token': [2, 2], 'finish': [4, 4]}
    """
    require_requests(requests)
    if batch_size < 1 or token_budget < batch_size:
        raise ValueError(f"batch_size = {batch_size}: from 1 to token_budget = {token_budget}")
    order = by_precedence(requests)
    times: dict[int, tuple[int, int]] = {}
    end = 0
    for begin in range(0, len(order), batch_size):
        group = order[begin : begin + batch_size]
        start = max(end, *(requests[i][0] for i in group))
        # Rows of a tensor are equally long, so all prompts are padded to the longest.
        padded = len(group) * max(requests[i][1] for i in group)
        prefilled = start + -(-padded // token_budget)
        end = prefilled + max(requests[i][2] for i in group) - 1
        times.update((i, (prefilled, end)) for i in group)
    in_order = [times[i] for i in range(len(requests))]
    return {
        "first_token": [prefilled for prefilled, _ in in_order],
        "finish": [end for _, end in in_order],
    }


def continuous_batching(
    requests: list[Request], token_budget: int, max_running: int, kv_capacity: int
) -> dict[str, list[int] | int]:
    """Serve step by step (Yu et al., 2022, Orca), with chunked prefill and recompute.

    >>> continuous_batching([(0, 3, 2), (0, 2, 1)], token_budget=4, max_running=2, kv_capacity=9)
    {'first_token': [1, 2], 'finish': [2, 2], 'preemptions': 0, 'computed': 6}
    """
    require_requests(requests)
    if token_budget < 1 or max_running < 1:
        raise ValueError(f"token_budget = {token_budget}, max_running = {max_running}: at least 1")
    if any(prompt + output - 1 > kv_capacity for _, prompt, output in requests):
        raise ValueError(f"a request needs more than kv_capacity = {kv_capacity} slots")
    states = [State(*request) for request in requests]
    server = Server([states[i] for i in by_precedence(requests)], max_running, kv_capacity)
    step = 0
    while not all(state.finish for state in states):
        server.run_step(step, token_budget)
        step += 1
    return {
        "first_token": [state.first_token for state in states],
        "finish": [state.finish for state in states],
        "preemptions": server.preemptions,
        "computed": server.computed,
    }


@dataclass(eq=False)
class State:
    """What has become of a request so far."""

    arrival: int
    prompt: int
    output: int
    running: bool = False
    cached: int = 0
    generated: int = 0
    first_token: int = 0
    finish: int = 0

    @property
    def pending(self) -> int:
        """Return how many of its tokens have no keys and values yet."""
        return self.prompt + self.generated - self.cached


@dataclass
class Server:
    """All requests in order of precedence, and the limits that they share."""

    order: list[State]
    max_running: int
    kv_capacity: int
    budget: int = field(init=False)
    preemptions: int = 0
    computed: int = 0

    def run_step(self, step: int, token_budget: int) -> None:
        """Run one step, from `step` to `step` + 1."""
        self.budget = token_budget
        before = self.preemptions
        self.advance()
        if self.preemptions == before:
            self.let_in(step)
        self.generate(step + 1)

    def advance(self) -> None:
        """Compute pending tokens of what runs; who came last makes room for who came first."""
        for state in self.running():
            if not state.running:
                return  # it was preempted by now, and so was all that comes after it
            while self.free() < min(state.pending, self.budget):
                last = self.running()[-1]
                self.preempt(last)
                if last is state:
                    return
            self.compute(state)

    def let_in(self, step: int) -> None:
        """Let waiting requests run, in order; the first that cannot keeps the others waiting."""
        for state in self.waiting():
            if state.arrival > step or len(self.running()) == self.max_running:
                return
            # It may compute a chunk only, but has to be able to hold all that it needs now.
            if self.budget == 0 or state.pending > self.free():
                return
            state.running = True
            self.compute(state)

    def generate(self, now: int) -> None:
        """Give a token to each request that has nothing pending, and let go who has all."""
        for state in self.running():
            if state.pending > 0:
                continue
            state.generated += 1  # pending from now on: its keys come in the next step, if any
            state.first_token = state.first_token or now
            if state.generated == state.output:
                state.finish, state.running, state.cached = now, False, 0

    def compute(self, state: State) -> None:
        """Compute as many pending tokens of a request as the budget allows."""
        count = min(state.pending, self.budget)
        state.cached += count
        self.budget -= count
        self.computed += count

    def preempt(self, state: State) -> None:
        """Take all slots from a request, which waits again and keeps what it has generated."""
        state.running, state.cached = False, 0
        self.preemptions += 1

    def running(self) -> list[State]:
        """Return the running requests in order of precedence."""
        return [state for state in self.order if state.running]

    def waiting(self) -> list[State]:
        """Return the waiting requests in order of precedence."""
        return [state for state in self.order if not state.running and not state.finish]

    def free(self) -> int:
        """Return how many KV slots hold no token."""
        return self.kv_capacity - sum(state.cached for state in self.order)


def serving_metrics(
    requests: list[Request],
    first_token: list[int],
    finish: list[int],
    ttft_limit: float,
    tpot_limit: float,
) -> dict[str, float]:
    """Return throughput, mean latencies, and the rate of requests within both limits.

    >>> serving_metrics([(0, 4, 3), (1, 2, 1)], [2, 5], [4, 5], ttft_limit=3, tpot_limit=1)
    {'throughput': 0.8, 'mean_ttft': 3.0, 'mean_tpot': 1.0, 'goodput': 0.2}
    """
    require_requests(requests)
    if not requests:
        raise ValueError("requests: of none there is no mean")
    # A strict zip raises a ValueError where the lists differ in length.
    served = [
        (first - arrival, output, end - first)
        for (arrival, _, output), first, end in zip(requests, first_token, finish, strict=True)
    ]
    span = max(finish) - min(arrival for arrival, _, _ in requests)
    # The first token is what the time to it is for: the others have output − 1 gaps between them.
    tpot = [decoding / (output - 1) if output > 1 else 0.0 for _, output, decoding in served]
    many = sum(output > 1 for _, output, _ in served)
    good = [
        waited <= ttft_limit and gap <= tpot_limit
        for (waited, _, _), gap in zip(served, tpot, strict=True)
    ]
    return {
        "throughput": sum(output for _, output, _ in served) / span,
        "mean_ttft": sum(waited for waited, _, _ in served) / len(served),
        "mean_tpot": sum(tpot) / many if many else 0.0,
        "goodput": sum(good) / span,
    }


def require_requests(requests: list[Request]) -> None:
    """Raise where a request comes before time, asks nothing or wants nothing."""
    for arrival, prompt, output in requests:
        if arrival < 0 or prompt < 1 or output < 1:
            raise ValueError(f"requests: ({arrival}, {prompt}, {output}) cannot be")


def by_precedence(requests: list[Request]) -> list[int]:
    """Return the indices of the requests, the earlier arrivals first."""
    return sorted(range(len(requests)), key=lambda i: (requests[i][0], i))
