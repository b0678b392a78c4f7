"""PURE: what a user might say after an answer: sixty good signs and sixty bad ones.

Each is what somebody would type who has just read the answer, and says nothing of any
subject, so that it can follow every answer. Said to models only.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class FollowUps:
    """The follow-ups of one category: after a good answer, and after a bad one."""

    positive: tuple[str, ...]
    negative: tuple[str, ...]


FOLLOW_UPS: Mapping[str, FollowUps] = {
    "understanding": FollowUps(
        positive=(
            "Yes, that is exactly what I meant.",
            "You got what I was asking right away.",
            "Good, you see where my difficulty lies.",
            "That is the question I had in mind.",
            "You read my question correctly.",
            "Right, you saw what I was after.",
            "I am glad that you understood me at once.",
            "You even noticed what I had left unsaid.",
            "That fits my situation very well.",
            "You put my question better than I did.",
        ),
        negative=(
            "No, that is not what I meant.",
            "I think you misread my question.",
            "You have not understood what I want.",
            "Please read my message again.",
            "I was asking about something different.",
            "You seem to have misunderstood me.",
            "That is not my situation at all.",
            "Let me say it again, since you did not get it.",
            "You are answering a question that I never asked.",
            "How did you read that into what I wrote?",
        ),
    ),
    "relevance": FollowUps(
        positive=(
            "That is right to the point.",
            "Everything in there concerns my question.",
            "Good, you stayed on the subject.",
            "This is just what I need for it.",
            "All of it is useful for what I asked.",
            "You left out what does not matter, thanks.",
            "That goes straight to the heart of it.",
            "This bears directly on what I am doing.",
            "Nice, no detours.",
            "That is the part which matters to me.",
        ),
        negative=(
            "What does that have to do with my question?",
            "You are getting off the subject.",
            "Most of this is beside the point.",
            "I cannot use any of that for my question.",
            "Please stick to what I asked.",
            "Why are you telling me about this?",
            "That is not related to my problem.",
            "You went around my question.",
            "None of this helps with what I need.",
            "Can you come back to the subject?",
        ),
    ),
    "correctness": FollowUps(
        positive=(
            "I checked it, and it is correct.",
            "That is right, thank you.",
            "Your facts are accurate.",
            "It works just as you said.",
            "That agrees with what I found in a textbook.",
            "I could not find a mistake in it.",
            "Yes, that is true.",
            "The reasoning holds up.",
            "I tried it, and the result is right.",
            "Good, those details are all correct.",
        ),
        negative=(
            "That is wrong.",
            "I checked, and this is not true.",
            "There is a mistake in your answer.",
            "It does not work the way you said.",
            "Are you making this up?",
            "Your facts are not right.",
            "You contradict yourself there.",
            "That cannot be correct, please check it.",
            "I tried it, and the result is wrong.",
            "The reasoning has a hole in it.",
        ),
    ),
    "engagement": FollowUps(
        positive=(
            "That is fascinating, tell me more.",
            "I enjoyed reading this.",
            "Great, let us go on.",
            "Now I am curious about the rest.",
            "I like talking this over with you.",
            "That was a pleasure to read.",
            "I would love to hear more about it.",
            "You make this really interesting.",
            "Wonderful, I have another question for you.",
            "This got me thinking.",
        ),
        negative=(
            "This is boring.",
            "I do not want to go on with this.",
            "You are not being helpful, so I will stop here.",
            "That was tiring to read.",
            "I lost interest halfway through.",
            "You sound like a machine reading a form.",
            "Never mind, I will ask somebody else.",
            "There is no point in asking you.",
            "I am tired of answers like this.",
            "Forget it.",
        ),
    ),
    "informativeness": FollowUps(
        positive=(
            "I learned a lot from that.",
            "Thanks, that is all the detail I needed.",
            "That explains it completely.",
            "Good, nothing is missing.",
            "The examples make it clear.",
            "I did not know that, how useful.",
            "That answers all of my questions.",
            "This is thorough and clear.",
            "You told me more than I had hoped for.",
            "Now I know enough to go on by myself.",
        ),
        negative=(
            "That tells me nothing new.",
            "Can you be more specific?",
            "This is far too vague.",
            "You left out the important part.",
            "That is not enough detail.",
            "I know no more than before.",
            "Where is the explanation?",
            "You only repeated my question.",
            "This is very superficial.",
            "I still have the same question.",
        ),
    ),
    "instruction following": FollowUps(
        positive=(
            "You did exactly what I asked for.",
            "Thanks for keeping to the format.",
            "That is the length I wanted.",
            "You followed every step that I gave.",
            "Good, you kept to my conditions.",
            "It is just as I ordered it.",
            "You paid attention to all of my wishes.",
            "Perfect, nothing to change.",
            "That is done the way I wanted it.",
            "You stayed within the limits that I set.",
        ),
        negative=(
            "That is not what I asked you to do.",
            "You ignored the format that I wanted.",
            "This is not the length I asked for.",
            "You skipped one of the steps.",
            "I told you not to do that.",
            "Please follow my instructions.",
            "You forgot half of what I asked for.",
            "Do it again, and this time as I said.",
            "You did not keep to my conditions.",
            "Why did you not do what I said?",
        ),
    ),
}


def follow_ups_sha256() -> str:
    """Return the hash of all follow-ups: another set makes other scores."""
    told = {name: asdict(found) for name, found in FOLLOW_UPS.items()}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
