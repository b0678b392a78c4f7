"""Step export: the statements of selectors.export_rows, each over an index.

Braces are filled with our own words only; values are parameters. `OFFSET 0` makes each
look-up one of an index: the planner would rather hash the whole table for some hundred
rows, and a batch would cost more the larger the project is.
"""

from annotation.selectors import blind


def _time(column: str) -> str:
    """Return an expression for a time as ISO 8601 in UTC."""
    return f"to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"


# What a repeat is held against: the blind answer to the same item.
_BEFORE, _FIRST = blind.of("m")
COUNTS = """
    SELECT count(*) FILTER (WHERE source <> 'import'),
        count(*) FILTER (WHERE source = 'import'),
        (SELECT count(*) FROM pre_annotation WHERE project_id = %s),
        (SELECT count(*) FROM item WHERE project_id = %s)
    FROM annotation WHERE project_id = %s AND NOT is_retraction
"""
LANGUAGES = """
    SELECT DISTINCT language FROM item WHERE project_id = %s AND language <> ''
    ORDER BY language
"""
ANNOTATIONS = f"""
    SELECT n.id, n.item_id, n.participant_id, n.public_id::text, i.public_id::text,
        i.external_id, n.source, {_time("n.created_at")}, n.answers::text,
        a.questions_version_id, a.guidelines_version_id, a."order", a.purpose,
        a.round, a.state,
        CASE WHEN later.id IS NULL THEN 'current'
             WHEN later.is_retraction THEN 'taken_back' ELSE 'superseded' END,
        n.active_ms, n.total_ms, {_time("a.shown_at")}, a.layout, a.view,
        a.is_suggestion_visible, n.metadata::text, n.reading_ms,
        CASE WHEN a.purpose IN ('training', 'qualification', 'monitoring', 'attention')
             THEN (SELECT gold::text FROM item WHERE id = n.item_id)
             WHEN a.purpose = 'mirror' THEN (
                SELECT first.answers::text FROM assignment m {_BEFORE}
                JOIN annotation first ON first.id = {_FIRST}
                WHERE m.item_id = n.item_id AND m.participant_id = n.participant_id
                  AND m.purpose = 'main' AND m.round = 1) END,
        CASE WHEN n.supersedes_id IS NULL THEN 1 ELSE (
            SELECT count(*)::int FROM annotation v
            WHERE v.assignment_id = n.assignment_id AND NOT v.is_retraction
              AND v.id <= n.id) END
    FROM annotation n
    CROSS JOIN LATERAL (
        SELECT * FROM assignment WHERE id = n.assignment_id OFFSET 0) a
    CROSS JOIN LATERAL (
        SELECT public_id, external_id FROM item WHERE id = n.item_id OFFSET 0) i
    LEFT JOIN LATERAL (
        SELECT id, is_retraction FROM annotation WHERE supersedes_id = n.id OFFSET 0
    ) later ON true
    WHERE NOT n.is_retraction AND {{where}} ORDER BY n.id {{limit}}
"""  # noqa: S608 - our own words
# Of these items and people, which protocol came first.
PAIRS = """
    SELECT DISTINCT p.item_id, p.participant_id, p.comes_first
    FROM unnest(%s::bigint[], %s::bigint[]) AS asked(item_id, participant_id)
    JOIN protocol_pair p ON p.item_id = asked.item_id
      AND p.participant_id = asked.participant_id
"""
# Of these items and people, what was drawn of a machine's verdict, and what came of it.
SUGGESTIONS = f"""
    SELECT a.item_id, a.participant_id, e.arm, e.propensity, {_time("e.visible_at")},
        m.name, m.kind, m.model, m.revision, m.prompt_sha256, m.number,
        v.answers::text,
        (SELECT n.answers::text FROM annotation n WHERE n.assignment_id = a.id
          AND NOT n.is_retraction
          ORDER BY n.id <> COALESCE(e.first_answer_id, n.id), n.id LIMIT 1),
        CASE WHEN e.first_answer_id IS NOT NULL THEN EXISTS (
          SELECT 1 FROM annotation n WHERE n.assignment_id = a.id
            AND NOT n.is_retraction AND n.created_at > e.visible_at) END
    FROM (SELECT DISTINCT item_id, participant_id
          FROM unnest(%s::bigint[], %s::bigint[]) AS k(item_id, participant_id)) asked
    JOIN assignment a ON a.item_id = asked.item_id
      AND a.participant_id = asked.participant_id AND a.purpose = 'main'
    JOIN exposure e ON e.assignment_id = a.id
    JOIN pre_annotation v ON v.id = e.pre_annotation_id
    JOIN machine_annotator m ON m.id = v.machine_id
"""  # noqa: S608 - our own words
# Of skips and flags: the key, the person, the cells before and after the person.
SKIPS = f"""
    SELECT a.id, a.participant_id, i.public_id::text, i.external_id,
        a.public_id::text, {_time("a.finished_at")}, a.skip_reason,
        {_time("a.shown_at")}, COALESCE(a."order", '{{}}'), a.purpose
    FROM assignment a
    CROSS JOIN LATERAL (
        SELECT public_id, external_id FROM item WHERE id = a.item_id OFFSET 0) i
    WHERE a.project_id = %s AND a.state = 'skipped' AND a.id > %s
    ORDER BY a.id LIMIT %s
"""  # noqa: S608 - our own words
FLAGS = f"""
    SELECT f.id, f.participant_id, i.public_id::text, i.external_id,
        f.public_id::text, {_time("f.created_at")}, f.kind, f.note,
        {_time("f.resolved_at")}
    FROM flag f
    CROSS JOIN LATERAL (
        SELECT public_id, external_id FROM item WHERE id = f.item_id OFFSET 0) i
    WHERE f.project_id = %s AND f.id > %s ORDER BY f.id LIMIT %s
"""  # noqa: S608 - our own words
# The key, and the cells of the table `adjudications`.
ADJUDICATIONS = f"""
    SELECT z.id, i.public_id::text, i.external_id, z.public_id::text, z.number,
        NOT z.is_reopening AND NOT EXISTS (
            SELECT 1 FROM adjudication later
            WHERE later.item_id = z.item_id AND later.number > z.number),
        z.is_reopening, z.answers::text, z.reason, z.role, v.number,
        {_time("z.created_at")}
    FROM adjudication z
    JOIN questions_version v ON v.id = z.questions_version_id
    CROSS JOIN LATERAL (
        SELECT public_id, external_id FROM item WHERE id = z.item_id OFFSET 0) i
    WHERE z.project_id = %s AND z.id > %s ORDER BY z.id LIMIT %s
"""  # noqa: S608 - our own words
# The last decision on each item, unless it opened the item again.
DECISIONS = f"""
    SELECT z.item_id, z.public_id::text, z.answers::text, z.questions_version_id,
        {_time("z.created_at")}, i.public_id::text, i.external_id
    FROM adjudication z
    CROSS JOIN LATERAL (
        SELECT public_id, external_id FROM item WHERE id = z.item_id OFFSET 0) i
    WHERE z.item_id = ANY(%s) AND NOT z.is_reopening AND NOT EXISTS (
        SELECT 1 FROM adjudication later
        WHERE later.item_id = z.item_id AND later.number > z.number)
"""  # noqa: S608 - our own words
PRE_ANNOTATIONS = f"""
    SELECT p.id, p.item_id, p.public_id::text, i.public_id::text, i.external_id,
        {_time("p.created_at")}, p.answers::text, p.questions_version_id, p."order",
        p.metadata::text, m.name, m.kind, m.model, m.revision, m.prompt_sha256,
        m.parameters::text, p.status, p.probability, p.raw, p.cost_usd::float8,
        p.latency_ms, m.backend, m.protocol, m.number, p.logit, p.bias, p.disagreement,
        m.id, p.flags
    FROM pre_annotation p
    JOIN machine_annotator m ON m.id = p.machine_id
    CROSS JOIN LATERAL (
        SELECT public_id, external_id FROM item WHERE id = p.item_id OFFSET 0) i
    WHERE {{where}} ORDER BY p.id {{limit}}
"""  # noqa: S608 - our own words
ANSWERED = """
    AND COALESCE(
        (SELECT true FROM annotation n WHERE n.item_id = i.id LIMIT 1),
        (SELECT true FROM pre_annotation p WHERE p.item_id = i.id LIMIT 1), false)
"""
# With the size on disk of each item's texts, which costs no reading of them.
ITEM_IDS = """
    SELECT i.id, i.number, pg_column_size(i.messages) + COALESCE(
        (SELECT sum(pg_column_size(c.text)) FROM completion c WHERE c.item_id = i.id),
        0)
    FROM item i WHERE i.project_id = %s AND i.number > %s {which}
    ORDER BY i.number LIMIT %s
"""
ITEMS = f"""
    SELECT i.id, i.public_id::text, i.number, i.external_id, {_time("i.created_at")},
        i.messages::text, i.language, i.category, i.source, i.metadata::text,
        i.gold::text,
        CASE WHEN c.is_aside THEN c.overlap_before ELSE f.overlap END,
        COALESCE(-f.rank, 0), COALESCE(f.is_excluded, false),
        COALESCE(r.source, 'human'), COALESCE(r.reason, ''), COALESCE(r.part, ''),
        r.policy, r.gain, r.gain_low, r.gain_high, r.propensity, r.cost_usd::float8,
        COALESCE(r.reasons::text, '[]'), COALESCE(r.run::text, '')
    FROM item i LEFT JOIN LATERAL (
        SELECT overlap, rank, is_excluded FROM frontier
        WHERE item_id = i.id OFFSET 0) f ON true
    LEFT JOIN LATERAL (
        SELECT overlap_before, NOT is_in_pool AS is_aside FROM check_item
        WHERE item_id = i.id OFFSET 0) c ON true
    LEFT JOIN LATERAL (
        SELECT * FROM route WHERE item_id = i.id OFFSET 0) r ON true
    WHERE i.id = ANY(%s) ORDER BY i.number
"""  # noqa: S608 - our own words
COMPLETIONS = """
    SELECT item_id, "index", text, model, external_id, metadata::text
    FROM completion WHERE item_id = ANY(%s) ORDER BY item_id, "index"
"""
# Who refused, or never came as far as the consent, is no part of the data.
PARTICIPANTS = """
    SELECT id, public_id::text, source FROM participant p WHERE project_id = %s
        AND (source = 'import' OR n_done > 0 OR EXISTS (
            SELECT 1 FROM consent_record r WHERE r.participant_id = p.id))
"""
PEOPLE = """
    SELECT p.id, p.public_id::text, p.imported_profile::text, w.id IS NOT NULL,
        p.standing
    FROM participant p LEFT JOIN withdrawal w ON w.participant_id = p.id
    WHERE p.id = ANY(%s)
"""
# The last word of each person: records are only ever added.
CONSENTS = """
    SELECT DISTINCT ON (r.participant_id) r.participant_id, r.document_id,
        r.granted::text, r.withdrawn_at IS NOT NULL
    FROM consent_record r
    WHERE r.participant_id = ANY(%s) ORDER BY r.participant_id, r.id DESC
"""
SURVEY_ANSWERS = """
    SELECT s.participant_id, v.number, s.question, s.state, s.value::text,
        s.order_shown::text
    FROM survey_answer s JOIN survey_version v ON v.id = s.version_id
    WHERE s.participant_id = ANY(%s)
    ORDER BY s.participant_id, v.number, s.id
"""
# Of the newest answer to a question, what researchers made of it.
DERIVED = """
    SELECT c.participant_id, c.question,
        (SELECT max(v.number) FROM survey_answer s
            JOIN survey_version v ON v.id = s.version_id
            WHERE s.participant_id = c.participant_id AND s.question = c.question),
        c.value, k.value, c.role, COALESCE(c.decided_by_id, 0), c.method, c.verdict
    FROM derived_attribute c JOIN derived_attribute k
        ON k.participant_id = c.participant_id AND k.question = c.question
        AND k.level = 'simplified' AND k.is_current
    WHERE c.participant_id = ANY(%s) AND c.level = 'categorised' AND c.is_current
"""
