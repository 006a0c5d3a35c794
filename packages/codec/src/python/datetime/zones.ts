/** Time zones of pytz and dateutil, which older Django and much else put into datetimes. */
import { hashKey, type PyHashable } from "../hash.js";
import { PyInstance } from "../objects/instance.js";
import { TimeDelta } from "./timedelta.js";
import type { TzInfo, WallTime } from "./tzinfo.js";
import { ianaOffset } from "./zone-offset.js";

/** The class of `pytz.utc`; {@link PytzUtc.utc} is the object. */
export class PytzUtc implements TzInfo, PyHashable {
  /** The one that every `pytz.utc` decodes to; as in Python, no other object equals it. */
  static readonly utc: PytzUtc = new PytzUtc();

  /** `"UTC"`. */
  get ianaName(): string {
    return "UTC";
  }

  /** 0, whatever the time. */
  utcOffsetMicroseconds(): bigint {
    return 0n;
  }

  /** Python's `str`: `UTC`. */
  toString(): string {
    return "UTC";
  }

  /** `"UTC"`. */
  toJSON(): string {
    return "UTC";
  }

  [hashKey](): unknown {
    return this;
  }
}

/** `pytz.FixedOffset(minutes)`: a fixed offset from UTC. */
export class PytzFixedOffset implements TzInfo {
  /** East of UTC. pytz allows -1439 to 1439; not checked here. */
  readonly minutes: number;

  constructor(minutes: number) {
    this.minutes = minutes;
  }

  /** {@link minutes}, in microseconds, whatever the time. */
  utcOffsetMicroseconds(): bigint {
    return BigInt(this.minutes) * 60_000_000n;
  }

  /** pytz's `repr`: `pytz.FixedOffset(330)`. */
  toString(): string {
    return `pytz.FixedOffset(${this.minutes})`;
  }

  /** pytz's `repr`: `"pytz.FixedOffset(330)"`. */
  toJSON(): string {
    return this.toString();
  }
}

/**
 * A pytz zone at one of its offsets: pytz puts the offset in force into the zone object of every datetime. `offset` is
 * `null` for a zone that has only one.
 */
export class PytzZone implements TzInfo {
  /** The IANA name. */
  readonly zone: string;
  /**
   * The offset in force: seconds east of UTC, how many of them are daylight saving time, and what the zone is called then
   * (`"CEST"`). `null` for a zone that has only one.
   */
  readonly offset: { readonly utcOffset: number; readonly dst: number; readonly name: string } | null;

  constructor(
    zone: string,
    offset: { readonly utcOffset: number; readonly dst: number; readonly name: string } | null = null,
  ) {
    this.zone = zone;
    this.offset = offset;
  }

  /** The {@link zone}. */
  get ianaName(): string {
    return this.zone;
  }

  /**
   * Microseconds east of UTC: those of {@link offset}, else of the zone's only one, whatever the time. `undefined` when the engine
   * does not know the zone.
   */
  utcOffsetMicroseconds(time: WallTime | undefined): bigint | undefined {
    if (this.offset !== null) return BigInt(this.offset.utcOffset) * 1_000_000n;
    return ianaOffset(this.zone, time);
  }

  /** Python's `str`: the IANA name. */
  toString(): string {
    return this.zone;
  }

  /** The IANA name; the offset is lost. */
  toJSON(): string {
    return this.zone;
  }
}

/** Below which the files of time zones lie, by name. */
const DIRECTORY = "zoneinfo/";

/** A zone of `dateutil.tz`, with its state as dateutil keeps it. */
export abstract class DateutilZone extends PyInstance implements TzInfo {
  /** Of `tzfile`, the IANA name that its path ends in: `/usr/share/zoneinfo/Europe/Paris`; `undefined` of others. */
  get ianaName(): string | undefined {
    const file = this.attribute("_filename") ?? this.args[1];
    const at = typeof file === "string" ? file.indexOf(DIRECTORY) : -1;
    return at < 0 ? undefined : (file as string).slice(at + DIRECTORY.length);
  }

  /**
   * Microseconds east of UTC: of `tzutc` and `tzoffset` whatever the time, of `tzfile` from the engine's time zone data;
   * `undefined` of others, which only dateutil can tell.
   */
  utcOffsetMicroseconds(time: WallTime | undefined): bigint | undefined {
    if (this.pythonName.endsWith(".tzutc")) return 0n;
    const offset = this.pythonName.endsWith(".tzoffset") ? this.attribute("_offset") : undefined;
    if (offset instanceof TimeDelta) return offset.totalMicroseconds();
    const { ianaName } = this;
    return ianaName === undefined || time === undefined ? undefined : ianaOffset(ianaName, time);
  }
}
