"""Two-word names by which people know each other in a project: brisk-heron.

Drawn at random, so a name tells nothing of the person or of the order of joining.
"""

import secrets

from annotation.models import Participant, Project

_FIRST = """
able airy amber apt bold brave brief bright brisk calm clear clever cool crisp dapper
deft early eager even fair fine firm fleet fond frank fresh gentle glad golden grand
green hale happy hardy honest jolly keen kind lively loyal lucid lunar mellow merry
mild modest neat nimble noble open pale patient plain polite prime proud quick quiet
ready rosy round sage serene sharp silver sleek smart solar solid spry steady still
sunny swift tender tidy tranquil trusty upbeat vivid warm wise witty young zesty
"""
_SECOND = """
acorn alder aspen badger basil beech birch bison bramble brook cedar clover comet
condor coral cove crane cricket daisy dolphin dove dune elder elk falcon fern finch
fjord fox gecko glade grove gull harbor hare hazel heath heron holly ibis iris ivy jay
juniper kestrel kite lagoon larch lark laurel lichen lily linden lotus lynx magpie
maple marten meadow mimosa moss myrtle newt oak olive orchid oriole osprey otter owl
panda pebble pine plover plum poppy puffin quail quartz raven reed robin rowan sable
sage sparrow spruce swan tern thistle thrush tulip vale violet vole willow wren yarrow
"""
FIRST = tuple(_FIRST.split())
SECOND = tuple(_SECOND.split())


def new_pseudonyms(*, project: Project, n: int) -> list[str]:
    """Return `n` names that nobody in the project has; one query.

    Once half of all pairs of words are taken, a number is added.
    """
    taken = set(
        Participant.objects.filter(project=project).values_list("pseudonym", flat=True)
    )
    names: list[str] = []
    while len(names) < n:
        name = f"{secrets.choice(FIRST)}-{secrets.choice(SECOND)}"
        if len(taken) > len(FIRST) * len(SECOND) // 2:
            name = f"{name}-{secrets.randbelow(10**6):06d}"
        if name not in taken:
            taken.add(name)
            names.append(name)
    return names
