/** The flows of one connection in transit that the fast path carries: one for each way. */
import { at } from '../../base/index.ts';
import type { Connection, ConnectionCarrier } from '../software/connections.ts';
import type { Way } from '../software/tcp-flow.ts';
import type { FlowTable } from './flow-table.ts';

export class ConnectionFlows implements ConnectionCarrier {
  /** Places in the table. */
  readonly places = new Map<Way, number>();
  readonly #flows: FlowTable;

  constructor(flows: FlowTable) {
    this.#flows = flows;
  }

  collect(connection: Connection): void {
    for (const [way, place] of this.places) {
      const noted = this.#flows.take(place);
      if (noted === undefined) continue;
      connection.bytes += noted.bytes;
      if (noted.at > connection.lastPacketAt) connection.lastPacketAt = at(noted.at);
      connection.flow?.noteCarried(way, noted.acknowledged, noted.hasData);
    }
  }

  /** Another flow gets the place of one of them. */
  lost(way: Way, connection: Connection): void {
    this.collect(connection);
    this.places.delete(way);
  }

  forget(): void {
    for (const place of this.places.values()) this.#flows.forget(place);
    this.places.clear();
  }
}
