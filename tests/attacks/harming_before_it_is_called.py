# kata: rank_fusion
"""Never finishes loading: the file itself runs for ever."""

while True:
    pass
