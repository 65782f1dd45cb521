/**
 * Other filters on the forward path. An accept of ours does not stop a drop in another table: Docker sets the policy of
 * its FORWARD chain to drop and has DOCKER-USER for what an administrator wants in front of it.
 */
import type { NetlinkMessage } from '../../netlink/message.ts';
import * as nft from '../../netlink/nft-expressions.ts';
import {
  addRule,
  type ChainInfo,
  deleteRule,
  dumpChains,
  dumpRules,
  FAMILY,
  HOOK,
  parseChain,
  parseRule,
  transaction,
} from '../../netlink/nftables.ts';
import type { NetlinkSocket } from '../../netlink/socket.ts';

const USER_CHAIN = 'DOCKER-USER';

/** What was found: `opened` when rules of ours are in front of the drop, `blocked` names the chain that drops. */
export type ForeignForward = { kind: 'free' } | { kind: 'opened' } | { kind: 'blocked'; by: string };

/**
 * Puts accept rules for the bridges into DOCKER-USER when a forward policy drops; anything else is left alone.
 * @param ownTable never looked at
 * @param comment marks our rules, so that they are found again
 */
export async function openForeignForward(
  socket: NetlinkSocket,
  opts: { ownTable: string; comment: string; bridges: readonly string[] },
): Promise<ForeignForward> {
  const chains = (await socket.dump(dumpChains())).map(parseChain);
  const dropping = chains.find((chain) => dropsForwarded(chain) && chain.table !== opts.ownTable);
  if (!dropping) return { kind: 'free' };
  const user = chains.find((chain) => isUserChain(chain) && chain.table === dropping.table);
  if (!user) return { kind: 'blocked', by: `${dropping.table} ${dropping.chain}` };
  const stale = await ourRules(socket, user, opts.comment);
  if (stale.length === 2 * opts.bridges.length) return { kind: 'opened' };
  const fresh = opts.bridges.flatMap((bridge) => acceptRules(user, bridge, opts.comment));
  await socket.transact(transaction([...stale, ...fresh]));
  return { kind: 'opened' };
}

/** Takes our rules out of DOCKER-USER. */
export async function closeForeignForward(socket: NetlinkSocket, comment: string): Promise<void> {
  const chains = (await socket.dump(dumpChains())).map(parseChain);
  for (const chain of chains.filter(isUserChain)) {
    const stale = await ourRules(socket, chain, comment);
    if (stale.length > 0) await socket.transact(transaction(stale));
  }
}

function dropsForwarded(chain: ChainInfo): boolean {
  const sees = chain.family === FAMILY.ip || chain.family === FAMILY.inet;
  return sees && chain.hook === HOOK.forward && chain.policyDrop;
}

function isUserChain(chain: ChainInfo): boolean {
  return chain.family === FAMILY.ip && chain.chain === USER_CHAIN;
}

async function ourRules(socket: NetlinkSocket, chain: ChainInfo, comment: string): Promise<NetlinkMessage[]> {
  const rules = (await socket.dump(dumpRules(chain))).map(parseRule);
  return rules
    .filter((rule) => rule.chain === chain.chain && rule.comment === comment)
    .map((rule) => deleteRule(chain, rule.handle));
}

function acceptRules(chain: ChainInfo, bridge: string, comment: string): NetlinkMessage[] {
  return [nft.fromInterface(bridge), nft.toInterface(bridge)].map((match) =>
    addRule(chain, [...match, nft.counter(), nft.accept()], { comment, atHead: true }),
  );
}
