/** The access lists of interfaces as the plane takes them. */
import type { AccessListModel, DeviceModel } from '../config/index.ts';
import type { PlaneFilter, PlaneFilterEntry } from '../plane/contract.ts';

/** A group whose list or interface does not exist filters nothing: reading the configuration has told so. */
export function filtersOf(model: DeviceModel): readonly PlaneFilter[] {
  return (model.accessGroups ?? []).flatMap((group): readonly PlaneFilter[] => {
    const list = model.accessLists.find((one) => one.name === group.accessList);
    if (list === undefined) return [];
    const entries = entriesOf(list);
    const { direction } = group;
    if (group.interface === undefined) return [{ direction, entries }];
    const named = model.interfaces.find((one) => one.alias === group.interface);
    return named === undefined ? [] : [{ interface: named.name, direction, entries }];
  });
}

/** Its lines that count, in their order. */
export function entriesOf({ entries }: AccessListModel): readonly PlaneFilterEntry[] {
  return entries
    .filter((one) => !one.inactive)
    .map(({ action, protocol, source, destination, sourcePorts, destinationPorts }) => ({
      permit: action === 'permit',
      protocol,
      source,
      destination,
      ...(sourcePorts === undefined ? {} : { sourcePorts }),
      ...(destinationPorts === undefined ? {} : { destinationPorts }),
    }));
}
