"""PURE: margins of the population of England and Wales, for quotas by census.

Source: Office for National Statistics, Census 2021 (England and Wales; Open Government
Licence v3.0). Sex and ethnic group are the published percentages of all usual
residents. Age is the share of adults in whole per cent, worked out from five-year
groups with two fifths of those aged 15 to 19 taken as 18 or 19: near enough to balance
a study, not to cite. The crossed table is not here: paste it as `cell,per cent`.
"""

SOURCE = "ONS, Census 2021, England and Wales"
# By the first digits of an age band, as surveys write them in several ways.
AGE = {"18": 11.0, "25": 17.0, "35": 16.0, "45": 17.0, "55": 16.0, "65": 23.0}
SEX = {"female": 51.0, "male": 49.0}
ETHNICITY = {"white": 81.7, "asian": 9.3, "black": 4.0, "mixed": 2.9, "other": 2.1}


def margins(
    values: dict[str, tuple[str, ...]],
) -> list[tuple[str, dict[str, float]]]:
    """Return question and shares for each margin that the survey's options can bear.

    An option belongs to the census group whose word or digits it begins with; a margin
    for which a group has no option of its own is left out.
    """
    asked = (("age", AGE), ("gender", SEX), ("sex", SEX), ("ethnicity", ETHNICITY))
    found = []
    for question, shares in asked:
        chosen = {
            option: percent
            for start, percent in shares.items()
            for option in values.get(question, ())
            if option.lower().startswith(start)
        }
        if len(chosen) == len(shares):
            found.append((question, chosen))
    return found
