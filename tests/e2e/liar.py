"""An office with a trusted key that sends what it likes: rightly signed and encrypted, and otherwise made by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from xzdesk.core.periods import Period
from xzdesk.exchange import pack
from xzdesk.exchange.keys import KeyRecord, new_keys
from xzdesk.exchange.manifest import Kind, Manifest, Receiver, Sender, TaskRef
from xzdesk.exchange.parts import Part, csv_part, read_csv
from xzdesk.services import outgoing
from xzdesk.services.session import Session
from xzdesk.store import packages
from xzdesk.store.packages import ChainHead, Direction
from xzdesk.store.partners import OwnKey, Partner

MONTH = Period.month(2024, 1)
CREATED = "2026-11-05T02:00:00Z"
Row = Sequence[str]


@dataclass(frozen=True)
class Liar:
    """Signs with the keys of a real office; its next package to ``receiver`` has the right number."""

    unit: str
    key: OwnKey
    receiver: Partner
    recipients: tuple[str, ...]
    task: TaskRef
    head: ChainHead | None

    @staticmethod
    def of(session: Session, receiver: str) -> Liar:
        partner, key = outgoing.partner_of(session, receiver), outgoing.own_key(session)
        recipients = outgoing.recipients_of(session, partner)
        head = packages.chain_head(session.workspace, receiver, Direction.OUT, key.epoch)
        return Liar(session.office.code, key, partner, recipients, outgoing.task_ref(session), head)

    def with_new_keys(self, unit: str, epoch: int) -> tuple[Liar, KeyRecord]:
        """The same liar with keys that nobody knows, in the name of ``unit``; and what it says of them."""
        pair = new_keys()
        made = OwnKey(epoch, pair.key_id, pair.sign_seed, pair.sign_public, pair.box_secret, pair.box_public, CREATED)
        record = KeyRecord(unit, pair.key_id, epoch, 1, pair.sign_public, (pair.box_public,))
        return replace(self, unit=unit, key=made, head=None), record

    def seal(self, kind: Kind, parts: Iterable[Part], body: Mapping[str, Any], **manifest: Any) -> bytes:
        """The next package of the chain, but for what ``manifest`` says."""
        last = self.head
        draft: dict[str, Any] = {
            "kind": kind,
            "sender": Sender(unit=self.unit, key_id=self.key.key_id, epoch=self.key.epoch),
            "receiver": Receiver(unit=self.receiver.unit, key_id=self.receiver.key_id),
            "task": self.task,
            "sequence": last.sequence + 1 if last else 1,
            "previous": last.id if last else "",
            "created": CREATED,
            "body": dict(body),
        }
        sealed = pack.seal(Manifest(**{**draft, **manifest}), list(parts), self.key.sign_seed, self.recipients)
        return sealed.data


@dataclass(frozen=True)
class Tables:
    """The parts of an honest package as tables, to be changed a little."""

    tables: Mapping[str, tuple[Row, Sequence[Row]]]
    others: tuple[Part, ...] = ()
    body: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def of(parts: Mapping[str, Part], body: Mapping[str, Any]) -> Tables:
        tables = {name: read_csv(part) for name, part in parts.items() if name.endswith(".csv")}
        return Tables(tables, tuple(part for name, part in parts.items() if name not in tables), body)

    def header(self, name: str) -> Row:
        return self.tables[name][0]

    def rows(self, name: str) -> list[list[str]]:
        return [list(row) for row in self.tables[name][1]]

    def put(self, name: str, rows: Iterable[Row], header: Row | None = None) -> Tables:
        """With other rows in one part."""
        return replace(self, tables={**self.tables, name: (header or self.header(name), list(rows))})

    def add(self, name: str, *rows: Row) -> Tables:
        return self.put(name, [*self.rows(name), *rows])

    def without(self, name: str) -> Tables:
        return replace(self, tables={other: table for other, table in self.tables.items() if other != name})

    def with_part(self, *parts: Part) -> Tables:
        return replace(self, others=(*self.others, *parts))

    def say(self, **body: Any) -> Tables:
        return replace(self, body={**self.body, **body})

    @property
    def parts(self) -> list[Part]:
        return [*(csv_part(name, header, rows) for name, (header, rows) in self.tables.items()), *self.others]
