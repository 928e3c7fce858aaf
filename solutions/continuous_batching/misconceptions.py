"""The wrong turns of batching."""

from autograder.suite import misconception
from solutions.continuous_batching.continuous_batching import (
    Server,
    State,
    by_precedence,
    continuous_batching,
    serving_metrics,
    static_batching,
)

# ── static_batching ───────────────────────────────────────────────────────────────────────────


def groups(requests, batch_size):
    order = by_precedence(requests)
    return [order[i : i + batch_size] for i in range(0, len(order), batch_size)]


@misconception(
    replaces="static_batching",
    says="a request leaves the static batch when its own output ends, as only continuous batching "
    "allows",
    hint="The batch is one tensor. When does a row of it come free?",
)
def ends_with_own_output(requests, batch_size, token_budget):
    right = static_batching(requests, batch_size, token_budget)
    finish = [first + r[2] - 1 for first, r in zip(right["first_token"], requests, strict=True)]
    return {**right, "finish": finish}


@misconception(
    replaces="static_batching",
    says="prompts are not padded: the prefill takes as long as the sum of their lengths",
    hint="Prompts of 10 and 2 tokens in one tensor: how many elements has it?",
)
def prompts_not_padded(requests, batch_size, token_budget):
    static_batching(requests, batch_size, token_budget)
    return served_in_groups(requests, batch_size, token_budget, lambda prompts: sum(prompts), max)


@misconception(
    replaces="static_batching",
    says="a group starts when its first member has arrived, before the last is there",
    hint="Which requests does the prefill of a group need?",
)
def starts_with_the_first(requests, batch_size, token_budget):
    static_batching(requests, batch_size, token_budget)
    return served_in_groups(
        requests, batch_size, token_budget, lambda prompts: len(prompts) * max(prompts), min
    )


@misconception(
    replaces="static_batching",
    says="decoding takes a step for each output token, though the prefill has given the first",
    hint="How many steps does a group take whose outputs are one token each?",
)
def first_token_decoded_again(requests, batch_size, token_budget):
    static_batching(requests, batch_size, token_budget)
    return served_in_groups(
        requests, batch_size, token_budget, lambda prompts: len(prompts) * max(prompts), max, 0
    )


def served_in_groups(requests, batch_size, token_budget, work, start_of, first=1):
    """Serve as the reference, but for the work of a prefill, the start, and the first token."""
    first_token, finish, end = [0] * len(requests), [0] * len(requests), 0
    for group in groups(requests, batch_size):
        start = max(end, start_of(requests[i][0] for i in group))
        prefilled = start + -(-work([requests[i][1] for i in group]) // token_budget)
        end = prefilled + max(requests[i][2] for i in group) - first
        for i in group:
            first_token[i], finish[i] = prefilled, end
    return {"first_token": first_token, "finish": finish}


# ── continuous_batching ───────────────────────────────────────────────────────────────────────

MOST_STEPS = 3000
"""A wrong scheduler may never end."""


def serve(server_class, requests, token_budget, max_running, kv_capacity, order=None):
    """Serve as the reference does, on another server."""
    continuous_batching(requests, token_budget, max_running, kv_capacity)
    states = [State(*request) for request in requests]
    order = by_precedence(requests) if order is None else order
    server = server_class([states[i] for i in order], max_running, kv_capacity)
    for step in range(MOST_STEPS):
        if all(state.finish for state in states):
            break
        server.run_step(step, token_budget)
    return {
        "first_token": [state.first_token for state in states],
        "finish": [state.finish for state in states],
        "preemptions": server.preemptions,
        "computed": server.computed,
    }


class WaitsForTheBatch(Server):
    def let_in(self, step):
        if not self.running():
            super().let_in(step)


@misconception(
    replaces="continuous_batching",
    says="new requests are let in only when nothing runs any more",
    hint="A request has finished and another waits. What is done with the free place?",
)
def waits_for_the_batch(requests, token_budget, max_running, kv_capacity):
    return serve(WaitsForTheBatch, requests, token_budget, max_running, kv_capacity)


class PrefillGivesNoToken(Server):
    """A request decodes only after one more token was computed for it."""

    def advance(self):
        for state in self.running():
            if not state.running:
                return
            if state.pending == 0 and self.budget > 0:
                state.decodes = True
                self.budget -= 1
                self.computed += 1
            while self.free() < min(state.pending, self.budget):
                last = self.running()[-1]
                self.preempt(last)
                if last is state:
                    return
            self.compute(state)

    def preempt(self, state):
        super().preempt(state)
        state.decodes = False

    def generate(self, now):
        hidden = [s for s in self.running() if not getattr(s, "decodes", False)]
        for state in hidden:
            state.running = False
        super().generate(now)
        for state in hidden:
            state.running = True


@misconception(
    replaces="continuous_batching",
    says="the first token comes a step after the prefill (for one more computed token), not from "
    "the step that ends it",
    hint="The prefill's last position has logits. What are they for?",
)
def prefill_gives_no_token(requests, token_budget, max_running, kv_capacity):
    return serve(PrefillGivesNoToken, requests, token_budget, max_running, kv_capacity)


class PreemptsTheOldest(Server):
    def advance(self):
        for state in self.running():
            if not state.running:
                continue
            while self.free() < min(state.pending, self.budget):
                first = self.running()[0]
                self.preempt(first)
                if first is state:
                    return
            self.compute(state)


@misconception(
    replaces="continuous_batching",
    says="the request that came first is preempted, not the last (what it got in this step is "
    "lost)",
    hint="Whose work is the most that could be lost, and who has waited longest?",
)
def preempts_the_oldest(requests, token_budget, max_running, kv_capacity):
    return serve(PreemptsTheOldest, requests, token_budget, max_running, kv_capacity)


class NoRecompute(Server):
    """Swaps: what was cached comes back without being computed."""

    def preempt(self, state):
        state.saved = state.cached
        super().preempt(state)

    def compute(self, state):
        state.cached += getattr(state, "saved", 0)
        state.saved = 0
        super().compute(state)


@misconception(
    replaces="continuous_batching",
    says="a preempted request gives up its slots but, let in again by the same rule, computes only "
    "the token that was pending",
    hint="Its slots were given to others. Where would its keys and values come from?",
)
def no_recompute(requests, token_budget, max_running, kv_capacity):
    return serve(NoRecompute, requests, token_budget, max_running, kv_capacity)


class GeneratedTokensLost(Server):
    def preempt(self, state):
        super().preempt(state)
        state.generated = 0


@misconception(
    replaces="continuous_batching",
    says="a preempted request starts over and generates its output again (its first_token stays)",
    hint="The user has read its first tokens by now. What is lost with the cache, and what is not?",
)
def generated_tokens_lost(requests, token_budget, max_running, kv_capacity):
    return serve(GeneratedTokensLost, requests, token_budget, max_running, kv_capacity)


class SmallOnesOvertake(Server):
    def let_in(self, step):
        for state in self.waiting():
            if state.arrival > step or len(self.running()) == self.max_running:
                return
            if self.budget == 0:
                return
            if state.pending <= self.free():
                state.running = True
                self.compute(state)


@misconception(
    replaces="continuous_batching",
    says="a later request that fits is let in before the first waiting one",
    hint="When does a large request get its turn if small ones keep coming?",
)
def small_ones_overtake(requests, token_budget, max_running, kv_capacity):
    return serve(SmallOnesOvertake, requests, token_budget, max_running, kv_capacity)


class NoChunking(Server):
    def run_step(self, step, token_budget):
        self.whole = token_budget
        super().run_step(step, token_budget)

    def let_in(self, step):
        for state in self.waiting():
            if state.arrival > step or len(self.running()) == self.max_running:
                return
            if self.budget == 0 or state.pending > self.free():
                return
            if state.pending > self.budget and self.budget < self.whole:
                return
            state.running = True
            self.compute(state)


@misconception(
    replaces="continuous_batching",
    says="a prompt that does not fit into what is left of the budget waits for a step whose whole "
    "budget is left, instead of being cut",
    hint="Three tokens of budget are left and a prompt of ten waits. What could be computed?",
)
def no_chunking(requests, token_budget, max_running, kv_capacity):
    return serve(NoChunking, requests, token_budget, max_running, kv_capacity)


class BudgetPerRequest(Server):
    def run_step(self, step, token_budget):
        self.whole = token_budget
        super().run_step(step, token_budget)

    def compute(self, state):
        super().compute(state)
        self.budget = self.whole


@misconception(
    replaces="continuous_batching",
    says="each request may compute the whole budget in a step, not all of them together",
    hint="Sum the tokens that one of your steps computes.",
)
def budget_per_request(requests, token_budget, max_running, kv_capacity):
    return serve(BudgetPerRequest, requests, token_budget, max_running, kv_capacity)


@misconception(
    replaces="continuous_batching",
    says="requests are served in the order of the list, not of their arrival",
    hint="The second of the list arrived first. Who waits for whom?",
)
def order_of_the_list(requests, token_budget, max_running, kv_capacity):
    limits = token_budget, max_running, kv_capacity
    return serve(Server, requests, *limits, order=range(len(requests)))


class ChunkFits(Server):
    def let_in(self, step):
        for state in self.waiting():
            if state.arrival > step or len(self.running()) == self.max_running:
                return
            if self.budget == 0 or min(state.pending, self.budget) > self.free():
                return
            state.running = True
            self.compute(state)


@misconception(
    replaces="continuous_batching",
    says="a request is let in when its first chunk fits, though its whole prompt does not",
    hint="Half of a prompt is cached and no slot is free. What was gained?",
)
def first_chunk_fits(requests, token_budget, max_running, kv_capacity):
    return serve(ChunkFits, requests, token_budget, max_running, kv_capacity)


# ── serving_metrics ───────────────────────────────────────────────────────────────────────────


def measured(requests, first_token, finish, ttft_limit, tpot_limit, gaps_of):
    """Measure as the reference does, with another count of the gaps of an output."""
    right = serving_metrics(requests, first_token, finish, ttft_limit, tpot_limit)
    span = max(finish) - min(request[0] for request in requests)
    tpot, good = [], 0
    for (arrival, _, output), first, end in zip(requests, first_token, finish, strict=True):
        gaps = gaps_of(output)
        time = (end - first) / gaps if gaps else 0.0
        if output > 1:
            tpot.append(time)
        good += first - arrival <= ttft_limit and time <= tpot_limit
    mean = sum(tpot) / len(tpot) if tpot else 0.0
    return {**right, "mean_tpot": mean, "goodput": good / span}


@misconception(
    replaces="serving_metrics",
    says="the time per output token divides by all output tokens, the first included",
    hint="Five tokens came one after another. How many gaps are between them?",
)
def tpot_over_all_tokens(requests, first_token, finish, ttft_limit, tpot_limit):
    arguments = requests, first_token, finish, ttft_limit, tpot_limit
    return measured(*arguments, lambda output: output)


@misconception(
    replaces="serving_metrics",
    says="the mean time per output token counts requests with one token as 0",
    hint="How many gaps has an output of one token? Should it be in the mean of gaps?",
)
def single_tokens_in_the_mean(requests, first_token, finish, ttft_limit, tpot_limit):
    right = serving_metrics(requests, first_token, finish, ttft_limit, tpot_limit)
    many = sum(request[2] > 1 for request in requests)
    return {**right, "mean_tpot": right["mean_tpot"] * many / len(requests)}


@misconception(
    replaces="serving_metrics",
    says="the span is counted from time 0, not from the first arrival",
    hint="The first request came at step 100. Was the server slow until then?",
)
def span_from_zero(requests, first_token, finish, ttft_limit, tpot_limit):
    right = serving_metrics(requests, first_token, finish, ttft_limit, tpot_limit)
    span = max(finish) - min(request[0] for request in requests)
    share = span / max(finish)
    return {
        **right,
        "throughput": right["throughput"] * share,
        "goodput": right["goodput"] * share,
    }


@misconception(
    replaces="serving_metrics",
    says="the time to the first token is its time on the clock, not the wait since the arrival",
    hint="When did this request begin to wait?",
)
def ttft_on_the_clock(requests, first_token, finish, ttft_limit, tpot_limit):
    right = serving_metrics(requests, first_token, finish, ttft_limit, tpot_limit)
    at_zero = [(0, prompt, output) for _, prompt, output in requests]
    span = max(finish) - min(request[0] for request in requests)
    wrong = serving_metrics(at_zero, first_token, finish, ttft_limit, tpot_limit)
    goodput = wrong["goodput"] * max(finish) / span
    return {**right, "mean_ttft": wrong["mean_ttft"], "goodput": goodput}


@misconception(
    replaces="serving_metrics",
    says="goodput counts requests that keep one of the two limits, not both",
    hint="A request starts at once and then stutters. Is its user content?",
)
def either_limit(requests, first_token, finish, ttft_limit, tpot_limit):
    arguments = requests, first_token, finish
    right = serving_metrics(*arguments, ttft_limit, tpot_limit)
    only = serving_metrics(*arguments, ttft_limit, float("inf"))["goodput"]
    other = serving_metrics(*arguments, float("inf"), tpot_limit)["goodput"]
    return {**right, "goodput": only + other - right["goodput"]}
