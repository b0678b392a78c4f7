"""Step assign: the statements that count the cells of quotas; see services.quotas."""

# A person's own cells and those of the item categories; last, whether they are new.
OWN = """
    SELECT c.id, c.kind, c.key, c.n_limit, c.n_taken,
        NOT EXISTS (SELECT 1 FROM quota_hold h WHERE h.participant_id = p.id)
    FROM participant p
    JOIN quota_cell c ON c.project_id = p.project_id
      AND (c.id = ANY(p.quota_cells) OR c.kind IN ('category', 'category_each'))
    WHERE p.id = %(participant)s
"""

TAKE = """
    WITH held AS (
        INSERT INTO quota_hold (assignment_id, participant_id, category, cells)
        SELECT a.id, a.participant_id, i.category, %(cells)s::bigint[] || ARRAY(
            SELECT c.id FROM quota_cell c WHERE c.project_id = a.project_id
              AND c.kind = 'category' AND c.key = i.category)
        FROM assignment a JOIN item i ON i.id = a.item_id WHERE a.id = %(assignment)s
        RETURNING assignment_id, cells)
    , counted AS (
        UPDATE quota_cell c SET n_taken = c.n_taken + 1
        FROM held
        WHERE c.id = ANY(held.cells) AND (c.kind <> 'people' OR %(is_new)s))
    INSERT INTO item_cell (item_id, cell_id, n_taken)
    SELECT a.item_id, c.id, 1 FROM held
    JOIN assignment a ON a.id = held.assignment_id
    JOIN quota_cell c ON c.id = ANY(held.cells) AND c.kind = 'per_item'
    ON CONFLICT (item_id, cell_id) DO UPDATE SET n_taken = item_cell.n_taken + 1
"""

GIVE_BACK = """
    WITH gone AS (
        DELETE FROM quota_hold h USING assignment a
        WHERE h.assignment_id = ANY(%(assignments)s) AND a.id = h.assignment_id
        RETURNING a.item_id, h.participant_id, h.cells)
    , freed AS (
        SELECT c.id, c.kind, gone.item_id, gone.participant_id
        FROM gone JOIN quota_cell c ON c.id = ANY(gone.cells))
    , fewer AS (
        SELECT id, count(*) AS n FROM freed WHERE kind <> 'people' GROUP BY id
        UNION ALL
        SELECT id, count(DISTINCT participant_id) FROM freed
        WHERE kind = 'people' AND NOT EXISTS (
            SELECT 1 FROM quota_hold h WHERE h.participant_id = freed.participant_id
              AND h.assignment_id <> ALL(%(assignments)s))
        GROUP BY id)
    , counted AS (
        UPDATE quota_cell c SET n_taken = GREATEST(c.n_taken - fewer.n, 0)
        FROM fewer WHERE c.id = fewer.id)
    UPDATE item_cell ic SET n_taken = GREATEST(ic.n_taken - less.n, 0)
    FROM (SELECT id, item_id, count(*) AS n FROM freed WHERE kind = 'per_item'
          GROUP BY id, item_id) less
    WHERE ic.cell_id = less.id AND ic.item_id = less.item_id
"""

_NO_LONGER = """
    DELETE FROM quota_hold h USING assignment a
    WHERE a.id = h.assignment_id AND a.project_id = %(project)s
      AND a.state NOT IN ('open', 'queued', 'reserved', 'submitted')
"""
_MISSING = """
    INSERT INTO quota_hold (assignment_id, participant_id, category, cells)
    SELECT a.id, p.id, i.category, array_remove(p.quota_cells, 0) || ARRAY(
        SELECT c.id FROM quota_cell c WHERE c.project_id = p.project_id
          AND c.kind = 'category' AND c.key = i.category)
    FROM assignment a JOIN participant p ON p.id = a.participant_id
    JOIN item i ON i.id = a.item_id
    WHERE a.project_id = %(project)s AND a.purpose = 'main'
      AND a.state IN ('open', 'queued', 'reserved', 'submitted')
      AND p.quota_cells <> '{}'
    ON CONFLICT (assignment_id) DO NOTHING
"""
_CELLS = """
    UPDATE quota_cell c SET n_taken = real.n FROM (
        SELECT q.id, count(DISTINCT CASE q.kind WHEN 'people' THEN h.participant_id
            ELSE h.assignment_id END) AS n
        FROM quota_cell q LEFT JOIN quota_hold h ON q.id = ANY(h.cells)
          AND h.participant_id IN (
            SELECT id FROM participant WHERE project_id = %(project)s)
        WHERE q.project_id = %(project)s GROUP BY q.id) real
    WHERE c.id = real.id AND c.n_taken <> real.n
"""
_REAL_ITEM_CELLS = """
    SELECT a.item_id, c.id AS cell_id, count(*) AS n
    FROM quota_hold h JOIN assignment a ON a.id = h.assignment_id
    JOIN quota_cell c ON c.id = ANY(h.cells) AND c.kind = 'per_item'
    WHERE a.project_id = %(project)s GROUP BY a.item_id, c.id
"""
_ITEM_CELLS = f"""
    INSERT INTO item_cell (item_id, cell_id, n_taken)
    SELECT item_id, cell_id, n FROM ({_REAL_ITEM_CELLS}) real
    ON CONFLICT (item_id, cell_id) DO UPDATE SET n_taken = EXCLUDED.n_taken
    WHERE item_cell.n_taken <> EXCLUDED.n_taken
"""  # noqa: S608  # made of the constants above
_NO_ITEM_CELLS = f"""
    UPDATE item_cell ic SET n_taken = 0 FROM quota_cell c
    WHERE c.id = ic.cell_id AND c.project_id = %(project)s AND ic.n_taken > 0
      AND NOT EXISTS (SELECT 1 FROM ({_REAL_ITEM_CELLS}) real
        WHERE real.item_id = ic.item_id AND real.cell_id = ic.cell_id)
"""  # noqa: S608  # made of the constants above

RECOUNT = (_NO_LONGER, _MISSING, _CELLS, _ITEM_CELLS, _NO_ITEM_CELLS)
