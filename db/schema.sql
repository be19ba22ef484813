-- Generated from db/migrations by tests/store/write_schema.py; not read by the program.

CREATE TABLE app_user (
  name       TEXT PRIMARY KEY,
  role       TEXT NOT NULL CHECK (role IN ('recorder', 'reviewer', 'head')),
  created_at TEXT NOT NULL,
  closed_at  TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE attachment (
  digest     TEXT PRIMARY KEY,
  media_type TEXT NOT NULL,
  content    BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE attachment_sent (
  digest       TEXT NOT NULL,
  package      TEXT NOT NULL,
  acknowledged INTEGER NOT NULL DEFAULT 0 CHECK (acknowledged IN (0, 1)),
  PRIMARY KEY (digest, package)
) STRICT, WITHOUT ROWID;

CREATE TABLE attachment_use (
  register TEXT NOT NULL,
  row      TEXT NOT NULL,
  digest   TEXT NOT NULL,
  title    TEXT NOT NULL,
  PRIMARY KEY (register, row, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE catalogue (
  version      INTEGER PRIMARY KEY,
  digest       TEXT NOT NULL UNIQUE,
  content      TEXT NOT NULL,
  installed_at TEXT NOT NULL
) STRICT;

CREATE TABLE chain (
  unit       TEXT NOT NULL,
  direction  TEXT NOT NULL CHECK (direction IN ('in', 'out')),
  epoch      INTEGER NOT NULL,
  sequence   INTEGER NOT NULL,
  package    TEXT NOT NULL,
  PRIMARY KEY (unit, direction, epoch)
) STRICT, WITHOUT ROWID;

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

CREATE INDEX journal_package ON journal (key) WHERE entity = 'package';

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE own_edit (
  element  TEXT NOT NULL,
  unit     TEXT NOT NULL,
  period   TEXT NOT NULL,
  accepted TEXT NOT NULL,
  reason   TEXT NOT NULL,
  PRIMARY KEY (element, unit, period)
) STRICT, WITHOUT ROWID;

CREATE TABLE own_key (
  epoch       INTEGER PRIMARY KEY,
  key_id      TEXT NOT NULL UNIQUE,
  sign_seed   BLOB NOT NULL,
  sign_public BLOB NOT NULL,
  box_secret  BLOB NOT NULL,
  box_public  TEXT NOT NULL,
  created_at  TEXT NOT NULL
) STRICT;

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

CREATE INDEX package_period ON package (period, unit, kind, status);

CREATE INDEX package_unit ON package (unit, direction, sequence);

CREATE TABLE package_content (
  id      TEXT PRIMARY KEY,
  content BLOB
) STRICT;

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

CREATE TABLE quarantined_row (
  package TEXT NOT NULL,
  part    TEXT NOT NULL,
  line    INTEGER NOT NULL,
  content TEXT NOT NULL,
  cause   TEXT NOT NULL,
  status  TEXT NOT NULL CHECK (status IN ('waiting', 'dropped', 'superseded')),
  PRIMARY KEY (package, part, line)
) STRICT, WITHOUT ROWID;

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

CREATE TABLE sealed_period (
  unit      TEXT NOT NULL,
  period    TEXT NOT NULL,
  sealed_at TEXT NOT NULL,
  PRIMARY KEY (unit, period)
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshot (
  period     TEXT NOT NULL,
  edition    INTEGER NOT NULL,
  digest     TEXT NOT NULL,
  content    BLOB NOT NULL,
  frozen_at  TEXT NOT NULL,
  frozen_by  TEXT NOT NULL,
  PRIMARY KEY (period, edition)
) STRICT, WITHOUT ROWID;

CREATE TABLE target_split (
  indicator TEXT NOT NULL,
  unit      TEXT NOT NULL,
  year      INTEGER NOT NULL,
  value     TEXT NOT NULL,
  by_hand   INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (indicator, unit, year)
) STRICT, WITHOUT ROWID;

CREATE TABLE unit_revision (
  unit     TEXT PRIMARY KEY,
  revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
