-- The tables of a workspace. Registers' own tables (reg_<code>) are made from their schemas by store/registers.py.
-- Periods are canonical text (2026-10, 2026Q3, 2026). Numbers are integers scaled by the element's or field's
-- decimals. Times are UTC, ISO 8601 with seconds and "Z". JSON columns hold one object or array.

-- What this file is: one row a fact (format, office, kind, created, program ...), see store/settings.py.
CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- People who may unlock; their passphrases live in the key slots beside the file.
CREATE TABLE app_user (
  name       TEXT PRIMARY KEY,
  role       TEXT NOT NULL CHECK (role IN ('recorder', 'reviewer', 'head')),
  created_at TEXT NOT NULL,
  closed_at  TEXT
) STRICT, WITHOUT ROWID;

-- Catalogues that have been in force; content is the canonical JSON of the source files.
CREATE TABLE catalogue (
  version      INTEGER PRIMARY KEY,
  digest       TEXT NOT NULL UNIQUE,
  content      TEXT NOT NULL,
  installed_at TEXT NOT NULL
) STRICT;

-- This office's own key pairs, newest epoch in use. Secret keys never leave the file; as bytes they stay out of the
-- change log too.
CREATE TABLE own_key (
  epoch       INTEGER PRIMARY KEY,
  key_id      TEXT NOT NULL UNIQUE,
  sign_seed   BLOB NOT NULL,
  sign_public BLOB NOT NULL,
  box_secret  BLOB NOT NULL,
  box_public  TEXT NOT NULL,
  created_at  TEXT NOT NULL
) STRICT;

-- Offices that packages come from or go to. One row per key of an office. trusted_at is when it first was.
CREATE TABLE partner (
  key_id        TEXT PRIMARY KEY,
  unit          TEXT NOT NULL,
  epoch         INTEGER NOT NULL,
  suite         INTEGER NOT NULL,
  sign_public   BLOB NOT NULL,
  box_publics   TEXT NOT NULL,
  role          TEXT NOT NULL CHECK (role IN ('upper', 'lower')),
  status        TEXT NOT NULL CHECK (status IN ('pending', 'trusted', 'revoked', 'replaced')),
  number        TEXT NOT NULL,
  trusted_at    TEXT,
  decided_at    TEXT,
  decided_by    TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX partner_unit ON partner (unit, status);

-- Heads of the two chains with every partner office.
CREATE TABLE chain (
  unit       TEXT NOT NULL,
  direction  TEXT NOT NULL CHECK (direction IN ('in', 'out')),
  epoch      INTEGER NOT NULL,
  sequence   INTEGER NOT NULL,
  package    TEXT NOT NULL,
  PRIMARY KEY (unit, direction, epoch)
) STRICT, WITHOUT ROWID;

-- Every package written, received or waiting. manifest is UTF-8 JSON as it was signed, id its SHA-256; as bytes it is
-- not copied into the change log with every change of status.
CREATE TABLE package (
  id          TEXT PRIMARY KEY,
  direction   TEXT NOT NULL CHECK (direction IN ('in', 'out')),
  kind        TEXT NOT NULL CHECK (kind IN ('invitation', 'enrolment', 'task', 'submission', 'receipt')),
  unit        TEXT NOT NULL,
  epoch       INTEGER NOT NULL,
  sequence    INTEGER NOT NULL,
  previous    TEXT NOT NULL,
  period      TEXT,
  status      TEXT NOT NULL CHECK (status IN ('sealed', 'acknowledged', 'accepted', 'quarantined', 'undone', 'superseded')),
  cause       TEXT NOT NULL DEFAULT '',
  manifest    BLOB NOT NULL,
  counts      TEXT NOT NULL DEFAULT '{}',
  recorded_at TEXT NOT NULL,
  recorded_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX package_unit ON package (unit, direction, sequence);
CREATE INDEX package_period ON package (period, unit, kind, status);

-- The sealed files, kept while they may be needed again. Apart from package, so that lists never read them. NULL only
-- where a pruning has been undone: the change log has no bytes to give back.
CREATE TABLE package_content (
  id      TEXT PRIMARY KEY,
  content BLOB
) STRICT;

-- Values. No row: not filled in. A unit's period lies together: what one office fills in or hands in is one stretch of
-- the file, and no further index has to follow every saved cell.
CREATE TABLE data_value (
  element TEXT NOT NULL,
  unit    TEXT NOT NULL,
  period  TEXT NOT NULL,
  state   TEXT NOT NULL CHECK (state IN ('value', 'na', 'none')),
  number  INTEGER,
  choice  TEXT,
  CHECK ((state = 'value') = ((number IS NULL) <> (choice IS NULL)) OR (state <> 'value' AND number IS NULL AND choice IS NULL)),
  PRIMARY KEY (unit, period, element)
) STRICT, WITHOUT ROWID;

-- What was accepted from a lower office, kept while this office's own edit stands over it. accepted as before and after
-- of correction.
CREATE TABLE own_edit (
  element  TEXT NOT NULL,
  unit     TEXT NOT NULL,
  period   TEXT NOT NULL,
  accepted TEXT NOT NULL,
  reason   TEXT NOT NULL,
  PRIMARY KEY (element, unit, period)
) STRICT, WITHOUT ROWID;

-- 更正: a change to a sealed period, with its reason. package is the first that carried it, empty until one has.
-- before and after: empty (未填), na, none, n:<number> or c:<choice>.
CREATE TABLE correction (
  element     TEXT NOT NULL,
  unit        TEXT NOT NULL,
  period      TEXT NOT NULL,
  before      TEXT NOT NULL,
  after       TEXT NOT NULL,
  reason      TEXT NOT NULL,
  corrected_at TEXT NOT NULL,
  corrected_by TEXT NOT NULL,
  package      TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (element, unit, period, corrected_at)
) STRICT, WITHOUT ROWID;

-- Reasons given for soft findings; they lapse when the fingerprint no longer occurs. An office answers for its own
-- units: a reason with the fingerprint of another unit's finding stands beside the right one and is never looked up.
CREATE TABLE finding_reason (
  fingerprint TEXT NOT NULL,
  rule        TEXT NOT NULL,
  unit        TEXT NOT NULL,
  period      TEXT NOT NULL,
  reason      TEXT NOT NULL,
  given_at    TEXT NOT NULL,
  given_by    TEXT NOT NULL,
  PRIMARY KEY (fingerprint, unit)
) STRICT, WITHOUT ROWID;

-- A month that this office has sealed (or accepted, at the office above), per reporting unit.
CREATE TABLE sealed_period (
  unit      TEXT NOT NULL,
  period    TEXT NOT NULL,
  sealed_at TEXT NOT NULL,
  PRIMARY KEY (unit, period)
) STRICT, WITHOUT ROWID;

-- 退回: a verdict on a cell (target: element) or a register row (target: register/row), open until a later package
-- changes it or it is withdrawn. office is who handed it in and has to mend it.
CREATE TABLE returned (
  id         TEXT PRIMARY KEY,
  office     TEXT NOT NULL,
  unit       TEXT NOT NULL,
  period     TEXT NOT NULL,
  place      TEXT NOT NULL CHECK (place IN ('cell', 'row')),
  target     TEXT NOT NULL,
  field      TEXT NOT NULL DEFAULT '',
  reason     TEXT NOT NULL,
  package    TEXT NOT NULL,
  status     TEXT NOT NULL CHECK (status IN ('open', 'sent', 'mended', 'withdrawn')),
  returned_at TEXT NOT NULL,
  returned_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- How often each unit's figures have been handed in; an older state never overwrites a newer one.
CREATE TABLE unit_revision (
  unit     TEXT PRIMARY KEY,
  revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Rows of a package that could not be taken and wait for a decision. content is the row as it came, as a JSON array.
CREATE TABLE quarantined_row (
  package TEXT NOT NULL,
  part    TEXT NOT NULL,
  line    INTEGER NOT NULL,
  content TEXT NOT NULL,
  cause   TEXT NOT NULL,
  status  TEXT NOT NULL CHECK (status IN ('waiting', 'dropped', 'superseded')),
  PRIMARY KEY (package, part, line)
) STRICT, WITHOUT ROWID;

-- Targets split to towns (the plan's own are in the catalogue).
CREATE TABLE target_split (
  indicator TEXT NOT NULL,
  unit      TEXT NOT NULL,
  year      INTEGER NOT NULL,
  value     TEXT NOT NULL,
  by_hand   INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (indicator, unit, year)
) STRICT, WITHOUT ROWID;

-- 定版: what a period was published with. content is JSON; as bytes it stays out of the change log, which has its digest.
CREATE TABLE snapshot (
  period     TEXT NOT NULL,
  edition    INTEGER NOT NULL,
  digest     TEXT NOT NULL,
  content    BLOB NOT NULL,
  frozen_at  TEXT NOT NULL,
  frozen_by  TEXT NOT NULL,
  PRIMARY KEY (period, edition)
) STRICT, WITHOUT ROWID;

-- Photographs and papers that belong to register rows, by the hash of their bytes.
CREATE TABLE attachment (
  digest     TEXT PRIMARY KEY,
  media_type TEXT NOT NULL,
  content    BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE attachment_use (
  register TEXT NOT NULL,
  row      TEXT NOT NULL,
  digest   TEXT NOT NULL,
  title    TEXT NOT NULL,
  PRIMARY KEY (register, row, digest)
) STRICT, WITHOUT ROWID;

-- Which package carried which photograph; once one of them is acknowledged, no other has to.
CREATE TABLE attachment_sent (
  digest       TEXT NOT NULL,
  package      TEXT NOT NULL,
  acknowledged INTEGER NOT NULL DEFAULT 0 CHECK (acknowledged IN (0, 1)),
  PRIMARY KEY (digest, package)
) STRICT, WITHOUT ROWID;

-- Change log: filled by triggers (store/journal.py makes them). A row is either an entry, one changed row of a table:
-- key is a JSON array, before and after are JSON objects of the other columns but bytes, NULL where there was or is no
-- row; or, with a head, the close of a link: what one transaction did, after its entries, chained to the link before.
CREATE TABLE journal (
  sequence INTEGER PRIMARY KEY,
  head     TEXT,
  at       TEXT,
  by       TEXT,
  action   TEXT,
  entity   TEXT,
  key      TEXT,
  before   TEXT,
  after    TEXT,
  CHECK ((head IS NULL) = (entity IS NOT NULL AND key IS NOT NULL)),
  CHECK ((head IS NULL) = (at IS NULL AND by IS NULL AND action IS NULL))
) STRICT;

-- Undoing an import asks for the link that added a package.
CREATE INDEX journal_package ON journal (key) WHERE entity = 'package';
