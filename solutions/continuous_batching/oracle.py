"""A second scheduler that only keeps an event log, and checks what must always hold."""


def order_of(requests):
    return sorted(range(len(requests)), key=lambda i: (requests[i][0], i))


def check(requests, *limits):
    if any(limit < 1 for limit in limits):
        raise ValueError("a limit is below 1")
    if any(arrival < 0 or min(prompt, output) < 1 for arrival, prompt, output in requests):
        raise ValueError("a request cannot be")


def static_batching(requests, batch_size, token_budget):
    check(requests, batch_size, token_budget)
    if batch_size > token_budget:
        raise ValueError("not even one token each fits into a step")
    result = {"first_token": [None] * len(requests), "finish": [None] * len(requests)}
    queue, clock = order_of(requests), 0
    while queue:
        group, queue = queue[:batch_size], queue[batch_size:]
        clock = max(clock, requests[group[-1]][0])
        left = len(group) * max(requests[i][1] for i in group)
        while left > 0:
            left, clock = left - token_budget, clock + 1
        for i in group:
            result["first_token"][i] = clock
        clock += max(requests[i][2] for i in group) - 1
        for i in group:
            result["finish"][i] = clock
    return result


def continuous_batching(requests, token_budget, max_running, kv_capacity):
    check(requests, token_budget, max_running)
    if any(prompt + output > kv_capacity + 1 for _, prompt, output in requests):
        raise ValueError("a request never fits")
    order = order_of(requests)
    log = []  # (step, "compute" | "preempt" | "token", request, tokens)

    def generated(i):
        return sum(what == "token" for _, what, request, _ in log if request == i)

    def cached(i):
        held = 0
        for _, what, request, tokens in log:
            if request == i:
                held = 0 if what == "preempt" else held + (tokens if what == "compute" else 0)
        return 0 if generated(i) == requests[i][2] else held

    def pending(i):
        return requests[i][1] + generated(i) - cached(i)

    def free():
        return kv_capacity - sum(map(cached, order))

    running, done, step = set(), set(), 0
    while len(done) < len(order):
        left, preempted = token_budget, False
        for i in order:
            if i not in running:
                continue
            wanted = min(pending(i), left)
            while i in running and free() < wanted:
                victim = max(running, key=order.index)
                running.remove(victim)
                log.append((step, "preempt", victim, cached(victim)))
                preempted = True
            if i not in running:
                break
            log.append((step, "compute", i, wanted))
            left -= wanted
        for i in order:
            if preempted or i in running or i in done:
                continue
            fits = requests[i][0] <= step and len(running) < max_running
            if not (fits and left > 0 and pending(i) <= free()):
                break
            running.add(i)
            wanted = min(pending(i), left)
            log.append((step, "compute", i, wanted))
            left -= wanted
        assert left >= 0 and free() >= 0 and len(running) <= max_running
        step += 1
        for i in [i for i in order if i in running and pending(i) == 0]:
            log.append((step, "token", i, 1))
            if generated(i) == requests[i][2]:
                running.remove(i)
                done.add(i)
    tokens = [
        [t for t, what, request, _ in log if (what, request) == ("token", i)]
        for i in range(len(requests))
    ]
    computed = sum(count for _, what, _, count in log if what == "compute")
    preemptions = sum(what == "preempt" for _, what, _, _ in log)
    assert preemptions or computed == sum(prompt + output - 1 for _, prompt, output in requests)
    return {
        "first_token": [times[0] for times in tokens],
        "finish": [times[-1] for times in tokens],
        "preemptions": preemptions,
        "computed": computed,
    }
