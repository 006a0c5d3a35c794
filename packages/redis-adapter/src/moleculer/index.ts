/** `@brine/redis-adapter/moleculer`: a serializer of Moleculer 0.14, for its transporters and its Redis cacher. */
import moleculer from "moleculer";
import { type PickleOptions, pickleCodec, type ValueCodec } from "../dialects/dialect.js";

/**
 * Packets and cached values as pickles: dates, sets, bytes and integers of any size arrive as they left, and Python reads what
 * the Redis cacher stored. Every node of a namespace must have it.
 *
 * @example
 * new ServiceBroker({ transporter: "redis://localhost", serializer: new PickleSerializer() });
 * new ServiceBroker({ cacher: { type: "Redis", options: { serializer: new PickleSerializer() } } });
 */
export class PickleSerializer extends moleculer.Serializers.Base {
  readonly #codec: ValueCodec;

  /**
   * @param options - of pickle's decoder and encoder: registry, limits, protocol. Default: theirs
   * @throws PickleError `bad-option` for an option that there is not
   */
  constructor(options: PickleOptions = {}) {
    super();
    this.#codec = pickleCodec(options);
  }

  /**
   * The pickle of a packet or a value. `undefined` fields are left out, as JSON leaves them out: Moleculer asks whether they are
   * there.
   *
   * @throws PicklingError
   */
  override serialize(packet: moleculer.GenericObject): Buffer {
    return Buffer.from(this.#codec.encode(isPlain(packet) ? withoutUndefined(packet) : packet));
  }

  /** Bytes in the result are views of `bytes`, unless the option `bytes` is `"copy"`. @throws UnpicklingError */
  override deserialize(bytes: Buffer): moleculer.GenericObject {
    return this.#codec.decode(bytes) as moleculer.GenericObject;
  }
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function withoutUndefined(packet: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(packet).filter(([, value]) => value !== undefined));
}
