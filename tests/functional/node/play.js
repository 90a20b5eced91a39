'use strict';
// Plays script.json through the Node.js clients and reports what each step gave, in the form that play.py reports in:
// fields under their names on the wire, a refusal as its code with a `!`. What the clients themselves do otherwise:
// this MNS client leaves numbers as the text they are in XML and puts `MNS` and `Error` around a code; this Tablestore
// client gives 64-bit numbers as objects, and of a refusal the bytes of its answer.

const { readFileSync } = require('fs');
const { join } = require('path');
const { REGION, TableStore, models, ecsClient, mnsClient, otsClient, run } = require('./clients');

const PLAIN = {
  RegionId: REGION,
  ImageId: 'ubuntu_22_04_x64_20G_alibase_20240130.vhd',
  InstanceType: 'ecs.g6.large',
  SecurityGroupId: 'sg-bp15ed6xe1yxeycg7ov3',
  VSwitchId: 'vsw-bp1s5fnvk4gn2tws0vxyz',
};
const TABLE = 'things';
const FIELDS = ['MessageId', 'MessageBody', 'MessageBodyMD5', 'ReceiptHandle', 'EnqueueTime', 'FirstDequeueTime',
  'NextVisibleTime', 'DequeueCount', 'Priority'];

const lower = (name) => name[0].toLowerCase() + name.slice(1);
const without = (fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
const told = (message, names = FIELDS) => Object.fromEntries(names.filter((name) => message[name] !== undefined)
  .map((name) => [name, String(message[name])]));
const long = (value) => (typeof value === 'number' ? TableStore.Long.fromNumber(value) : value);
const short = (value) => (typeof value === 'object' ? Number(value.toString()) : value);
const key = (name) => [{ name }];
const columns = (fields) => Object.entries(fields).map(([name, value]) => ({ [name]: long(value) }));
const cells = (row) => Object.fromEntries((row.attributes || []).map((one) => [one.columnName, short(one.columnValue)]));

function condition([existence, column, comparator, value, pass]) {
  const single = column === undefined ? null
    : new TableStore.SingleColumnCondition(column, long(value), TableStore.ComparatorType[comparator], pass);
  return new TableStore.Condition(TableStore.RowExistenceExpectation[existence], single);
}

function steps(url) {
  const [mns, ecs, ots] = [mnsClient(url), ecsClient(url), otsClient(url)];
  const done = async (promise) => { await promise; return 'done'; };
  return {
    advance: (seconds) => done(fetch(`${url}/_local/clock`, { method: 'POST', body: JSON.stringify({ advance: seconds }) })),

    createQueue: (name, attributes) => done(mns.createQueue(name, attributes)),
    deleteQueue: (name) => done(mns.deleteQueue(name)),
    listQueues: async (prefix, limit) => (await mns.listQueue('', limit, prefix)).body.map((one) => one.QueueURL.split('/').pop()),
    send: async (queue, body, delay, priority) => told((await mns.sendMessage(queue, without({
      MessageBody: body, DelaySeconds: delay, Priority: priority,
    }))).body, ['MessageId', 'MessageBodyMD5']),
    receive: async (queue) => told((await mns.receiveMessage(queue)).body),
    batchReceive: async (queue, limit) => (await mns.batchReceiveMessage(queue, limit)).body.map((one) => told(one)),
    batchPeek: async (queue, limit) => (await mns.batchPeekMessage(queue, limit)).body.map((one) => told(one)),
    delete: (queue, handle) => done(mns.deleteMessage(queue, handle)),
    changeVisibility: async (queue, handle, seconds) => told((await mns.changeMessageVisibility(queue, handle, seconds)).body),

    createInstance: async (changes) => {
      const fields = Object.entries(without({ ...PLAIN, ...changes })).map(([name, value]) => [lower(name), value]);
      return (await ecs.createInstance(new models.CreateInstanceRequest(Object.fromEntries(fields)))).body.instanceId;
    },
    startInstance: (instanceId) => done(ecs.startInstance(new models.StartInstanceRequest({ instanceId }))),
    deleteInstance: (instanceId, force) => done(ecs.deleteInstance(new models.DeleteInstanceRequest({ instanceId, force }))),
    statuses: async (instanceId) => (await ecs.describeInstanceStatus(
      new models.DescribeInstanceStatusRequest({ regionId: REGION, instanceId }),
    )).body.instanceStatuses.instanceStatus.map((one) => [one.instanceId, one.status]),
    instances: async (maxResults, nextToken) => {
      const fields = without({ regionId: REGION, maxResults, nextToken });
      const { body } = await ecs.describeInstances(new models.DescribeInstancesRequest(fields));
      return { ids: body.instances.instance.map((one) => one.instanceId), NextToken: body.nextToken };
    },

    createTable: () => done(ots.createTable({
      tableMeta: { tableName: TABLE, primaryKey: [{ name: 'name', type: 'STRING' }] },
      reservedThroughput: { capacityUnit: { read: 0, write: 0 } },
      tableOptions: { timeToLive: -1, maxVersions: 1 },
    })),
    put: (name, fields, when) => done(ots.putRow({
      tableName: TABLE, condition: condition(when), primaryKey: key(name), attributeColumns: columns(fields),
    })),
    update: (name, put, deleted, when) => done(ots.updateRow({
      tableName: TABLE,
      condition: condition(when),
      primaryKey: key(name),
      updateOfAttributeColumns: [{ PUT: columns(put) }, { DELETE_ALL: deleted }].filter((one) => Object.values(one)[0].length),
    })),
    deleteRow: (name, when) => done(ots.deleteRow({ tableName: TABLE, condition: condition(when), primaryKey: key(name) })),
    get: async (name) => {
      const { row } = await ots.getRow({ tableName: TABLE, primaryKey: key(name), maxVersions: 1 });
      return row && row.primaryKey ? cells(row) : null;
    },
    range: async (direction, start, end, limit) => {
      const answer = await ots.getRange({
        tableName: TABLE,
        direction: TableStore.Direction[direction],
        inclusiveStartPrimaryKey: key(start),
        exclusiveEndPrimaryKey: key(end),
        limit,
        maxVersions: 1,
      });
      const next = answer.nextStartPrimaryKey;
      return {
        rows: answer.rows.map((row) => [row.primaryKey[0].value, cells(row)]),
        next: next && next.length ? next[0].value : null,
      };
    },
  };
}

function code(error) {
  const mns = /^MNS(.*)Error$/.exec(error.name);
  const ots = /OTS[A-Z][A-Za-z]+/.exec(error.message);
  if (mns) return `!${mns[1]}`;
  if (typeof error.code === 'number' && ots) return `!${ots[0]}`;
  if (typeof error.code === 'string') return `!${error.code}`;
  throw error;
}

run(async (url) => {
  const known = steps(url);
  const kept = {};
  const filled = (value) => {
    if (Array.isArray(value)) return value.map(filled);
    return value && value.of ? value.path.reduce((inner, part) => inner[part], kept[value.of]) : value;
  };
  const results = [];
  for (const step of JSON.parse(readFileSync(join(__dirname, 'script.json')))) {
    let result;
    try {
      result = await known[step.do](...filled(step.with));
    } catch (error) {
      result = code(error);
    }
    if (step.as) kept[step.as] = result;
    results.push(result);
  }
  return results;
});
