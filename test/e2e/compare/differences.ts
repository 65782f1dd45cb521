/**
 * Where tsdocker's answers differ from those of docker 20.10 with the client 28.2, and why. A line that is listed and does
 * not differ any more fails the test.
 */
export interface Difference {
  area: string;
  line: string;
  reason: string;
}

const NEWER = 'docker 29 says it in these words';
const EXIT_127 = 'docker 29 exits with 127 for what is not there';
const VERSIONS = 'the daemons are of different versions';
const PRUNES_NAMED = 'docker 20.10 prunes named volumes, too';
const NO_BRIDGE = 'the dockerd of the test runs without a bridge';

export const LINE_DIFFERENCES: readonly Difference[] = [
  { area: 'run', line: 'docker run --rm base:test /etc', reason: NEWER },
  {
    area: 'run',
    line: 'docker run --rm --hostname box --domainname example.org base:test hostname -f',
    reason: NO_BRIDGE,
  },
  {
    area: 'run',
    line: 'docker run --rm --network none --add-host a:10.0.0.1 --add-host b=10.0.0.2 base:test cat /etc/hosts',
    reason: NEWER,
  },
  {
    area: 'run',
    line: 'docker run --rm --network none --dns 10.0.0.53 --dns-search example.org --dns-option ndots:2 base:test cat /etc/resolv.conf',
    reason: NEWER,
  },
  { area: 'run', line: 'docker run --rm --log-driver nope base:test true', reason: NEWER },
  { area: 'run', line: 'docker run --rm --ip 10.1.1.1 base:test true', reason: NO_BRIDGE },
  { area: 'run', line: 'docker run --rm --runtime nope base:test true', reason: NEWER },
  { area: 'run', line: 'docker run --rm --storage-opt size=1g base:test true', reason: 'the option is named' },
  {
    area: 'create',
    line: "docker inspect -f '{{json .HostConfig.Memory}} {{json .HostConfig.NanoCpus}} {{json .HostConfig.Ulimits}} {{json .HostConfig.Devices}}' host",
    reason:
      'docker finds NanoCpus only in the raw answer, whose objects it then prints with sorted keys; the order here is that of the API',
  },
  { area: 'create', line: 'docker inspect --type image plain', reason: NEWER },
  { area: 'exec', line: 'docker exec -w /nope box pwd', reason: EXIT_127 },
  { area: 'exec', line: 'docker exec box nonexistent', reason: EXIT_127 },
  { area: 'exec', line: 'docker exec box /etc', reason: NEWER },
  { area: 'exec', line: 'docker exec box /nope', reason: EXIT_127 },
  {
    area: 'exec',
    line: 'docker exec --privileged box true',
    reason: 'docker 20.10 fails where the host lacks a capability; here the container gets what the host has',
  },
  { area: 'images', line: 'docker image inspect nope', reason: NEWER },
  { area: 'image rules', line: 'docker images --filter dangling=true --filter dangling=false', reason: NEWER },
  {
    area: 'images',
    line: 'docker load -i t.tar',
    reason: 'the archive is named as what is wrong, not a file of the daemon',
  },
  { area: 'lifecycle', line: 'docker kill one', reason: NEWER },
  { area: 'lifecycle', line: 'docker rm two', reason: NEWER },
  {
    area: 'lifecycle',
    line: 'docker run -d --name vol -v /anon base:test sleep 1000 >/dev/null; docker rm vol; docker rm -fv vol; docker volume ls -q | wc -l',
    reason: NEWER,
  },
  { area: 'lifecycle', line: 'docker update --restart nope code', reason: NEWER },
  {
    area: 'ps',
    line: 'docker ps -a --format json | head -1 | tr , "\\n" | cut -d: -f1 | sort',
    reason: 'docker 29 adds HealthStatus',
  },
  { area: 'ps', line: 'docker ps -a --filter since=nope', reason: NEWER },
  {
    area: 'system',
    line: 'docker events --until 0s --since 1s --filter nope=1',
    reason: 'docker 20.10 takes any filter',
  },
  { area: 'system', line: 'DOCKER_HOST=nope docker ps', reason: 'node resolves the name in its own words' },
  { area: 'system', line: 'DOCKER_API_VERSION=9.99 docker ps -q', reason: VERSIONS },
  { area: 'system', line: 'DOCKER_API_VERSION=1.10 docker ps -q', reason: VERSIONS },
  {
    area: 'volumes',
    line: "docker volume inspect -f '{{.Name}} {{.Driver}} {{.Scope}} {{json .Labels}} {{json .Options}}' one two",
    reason: 'the API has an object here, and null is none',
  },
  { area: 'volumes', line: 'docker volume prune -f | tail -1', reason: PRUNES_NAMED },
  { area: 'volumes', line: 'docker volume ls -q | wc -l', reason: PRUNES_NAMED },
  { area: 'volumes', line: 'docker volume nope', reason: 'docker says COMMAND for this group alone' },
];

/** Paths of a container's inspect document. */
export const STATE_DIFFERENCES: readonly { path: RegExp; reason: string }[] = [
  { path: /\.HostConfig\.Runtime$/, reason: 'there is no runc underneath' },
  { path: /\.HostConfig\.MaskedPaths\[/, reason: 'docker 29 masks more paths' },
  { path: /\.HostConfig\.KernelMemory(TCP)?$/, reason: 'gone from the API since 1.42' },
  { path: /\.GraphDriver\.Data\./, reason: 'the layers lie in other directories' },
  { path: /\.NetworkSettings\.Networks\.\w+\.(GwPriority|DNSNames)$/, reason: 'newer than 1.41' },
  {
    path: /\.NetworkSettings\.(SandboxKey|Secondary\w+)$/,
    reason: 'namespaces are those of processes; the others are gone since docker 23',
  },
  { path: /\.HostConfig\.NetworkMode$/, reason: 'docker 26 and newer record `default` as `bridge`' },
  {
    path: /\.(Config\.NetworkDisabled|NetworkSettings\.SandboxID|NetworkSettings\.Networks\.bridge\..*|NetworkSettings\.(MacAddress|IPPrefixLen|Gateway|EndpointID|IPAddress)|ResolvConfPath|HostnamePath|HostsPath)$/,
    reason: NO_BRIDGE,
  },
];
