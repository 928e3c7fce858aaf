# kata: echo
# earns: 1
"""Changes what a callback returned, to change it for the judge too, and asks with odd values."""


def through(function, value):
    found = function([1, 2])
    try:
        found.append(value)
        found[0] = value
    except Exception:
        pass
    function(float("nan"))
    function([[[]]] * 1000)
    function(function)
    return value + 1 if isinstance(value, int) else found


def again(function, depth):
    function(*range(1000), **{f"k{n}": n for n in range(1000)})
    return depth
