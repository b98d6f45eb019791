"""Two invented people, with nothing in common that a searcher could mistake."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.erase import needles
from tests.photo.frames import astronaut_frame, jpeg_bytes
from tests.web.conftest import slip_values


@dataclass(frozen=True)
class Person:
    """Somebody invented, with nothing in common with the other."""

    name: str
    kana: str
    birth: str
    birth_iso: str
    address: str
    phone: str
    caller: str
    notes: str
    eye_px: float

    def slip(self, offer: str) -> dict[str, Any]:
        return slip_values(
            caller_name=self.caller,
            phone=self.phone,
            address=self.address,
            notes=self.notes,
            offer=offer,
            **{
                "applicant-0-name": self.name,
                "applicant-0-kana": self.kana,
                "applicant-0-birth": self.birth,
            },
        )

    @property
    def answers(self) -> dict[str, str]:
        return {
            "name": self.name,
            "kana": self.kana,
            "birth": self.birth,
            "address": self.address,
            "tel": self.phone,
        }

    @property
    def photo(self) -> bytes:
        return jpeg_bytes(astronaut_frame(1600, 1200, eye_px=self.eye_px))

    def needles(self, who: str) -> dict[str, Iterable[bytes]]:
        iso = self.birth_iso
        births = (self.birth, iso, iso.replace("-", "/"), iso.replace("-", ""))
        return {
            f"{who} name": needles.of_text(self.name) | needles.of_text(self.name.split()[0]),
            f"{who} kana": needles.of_text(self.kana),
            f"{who} birth": set().union(*map(needles.of_text, births)),
            f"{who} address": needles.of_text(self.address),
            f"{who} phone": needles.of_text(self.phone) | needles.of_text(self.phone[4:]),
            f"{who} caller": needles.of_text(self.caller),
            f"{who} notes": needles.of_text(self.notes),
            f"{who} camera": needles.of_photo(self.photo),
        }


ENDED = Person(
    "鷽鳥谷 𠮷乃葛󠄀", "ウソドリヤ ヨシノ", "昭和13年2月27日", "1938-02-27",
    "北海道汐見市鷽鳥町９８丁目７６番５号", "0134-98-7698", "鷽鳥谷 巖", "鷽鳥の巣箱のある家", 150,
)  # fmt: skip
LIVE = Person(
    "鼉龍寺 麤人", "ダリュウジ ソジン", "昭和22年11月19日", "1947-11-19",
    "北海道汐見市鼉龍台４３丁目２１番９号", "0134-43-2143", "鼉龍寺 驫", "鼉龍の門のある家", 140,
)  # fmt: skip
