// Which addresses of the internet a webhook may be sent to: public ones. A name that leads into this or anybody's inside network is refused. Pure.
// The ranges are those of IANA's special-purpose address registries (RFC 6890) that are not globally reachable, and those that lead to other addresses:
// https://www.iana.org/assignments/iana-ipv4-special-registry and …/iana-ipv6-special-registry; multicast and reserved from the address space registries.
import { BlockList, isIP } from 'node:net';

/** Range and what IANA calls it. */
type Range = readonly [network: string, prefix: number, name: string];

export const SPECIAL_IPV4: readonly Range[] = [
  ['0.0.0.0', 8, '"This network"'],
  ['10.0.0.0', 8, 'Private-Use'],
  ['100.64.0.0', 10, 'Shared Address Space (carrier-grade NAT)'],
  ['127.0.0.0', 8, 'Loopback'],
  // The metadata service of clouds, 169.254.169.254, is in it.
  ['169.254.0.0', 16, 'Link Local'],
  ['172.16.0.0', 12, 'Private-Use'],
  ['192.0.0.0', 24, 'IETF Protocol Assignments'],
  ['192.0.2.0', 24, 'Documentation (TEST-NET-1)'],
  ['192.31.196.0', 24, 'AS112-v4'],
  ['192.52.193.0', 24, 'AMT'],
  ['192.88.99.0', 24, 'Deprecated (6to4 Relay Anycast)'],
  ['192.168.0.0', 16, 'Private-Use'],
  ['192.175.48.0', 24, 'Direct Delegation AS112 Service'],
  ['198.18.0.0', 15, 'Benchmarking'],
  ['198.51.100.0', 24, 'Documentation (TEST-NET-2)'],
  ['203.0.113.0', 24, 'Documentation (TEST-NET-3)'],
  ['224.0.0.0', 4, 'Multicast'],
  ['240.0.0.0', 4, 'Reserved, with Limited Broadcast'],
];

/** The part of IPv6 that is given out for global unicast; all else is special: loopback, mapped and translated IPv4, unique local, link local, multicast. */
const GLOBAL_UNICAST = ['2000::', 3] as const;

/** What is special inside of it. */
export const SPECIAL_IPV6: readonly Range[] = [
  // Teredo, ORCHID, benchmarking, AMT and what else is in it.
  ['2001::', 23, 'IETF Protocol Assignments'],
  ['2001:db8::', 32, 'Documentation'],
  // Leads to any IPv4 address.
  ['2002::', 16, '6to4'],
  ['2620:4f:8000::', 48, 'Direct Delegation AS112 Service'],
  ['3fff::', 20, 'Documentation'],
];

const special = new BlockList();
for (const [network, prefix] of SPECIAL_IPV4) special.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of SPECIAL_IPV6) special.addSubnet(network, prefix, 'ipv6');
const globalUnicast = new BlockList();
globalUnicast.addSubnet(...GLOBAL_UNICAST, 'ipv6');

/** Whether `address`, in any spelling of an IPv4 or IPv6 address, is a public one. */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address);
  // An address with a zone is of a link.
  if (version === 0 || address.includes('%')) return false;
  if (version === 4) return !special.check(address, 'ipv4');
  return globalUnicast.check(address, 'ipv6') && !special.check(address, 'ipv6');
}
