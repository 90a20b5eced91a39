'use strict';
// Makes every call of both clients that the local cloud knows, and reports what came back.

const { REGION, models, ecsClient, mnsClient, refusal, run } = require('./clients');

const PLAIN = {
  regionId: REGION,
  imageId: 'ubuntu_22_04_x64_20G_alibase_20240130.vhd',
  instanceType: 'ecs.g6.large',
  securityGroupId: 'sg-bp15ed6xe1yxeycg7ov3',
  vSwitchId: 'vsw-bp1s5fnvk4gn2tws0vxyz',
  internetMaxBandwidthOut: 5,
};

const settled = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function queues(mns) {
  const created = await mns.createQueue('node', { VisibilityTimeout: 30 });
  await mns.setQueueAttributes('node', { VisibilityTimeout: 60 });
  const attributes = (await mns.getQueueAttributes('node')).body;
  const sent = (await mns.sendMessage('node', { MessageBody: 'a', Priority: 1 })).body;
  await mns.batchSendMessage('node', [{ MessageBody: 'b' }, { MessageBody: 'c' }]);
  const peeked = (await mns.peekMessage('node')).body;
  const first = (await mns.receiveMessage('node')).body;
  const rest = (await mns.batchReceiveMessage('node', 16, 1)).body;
  const changed = (await mns.changeMessageVisibility('node', first.ReceiptHandle, 90)).body;
  const stale = await refusal(mns.deleteMessage('node', first.ReceiptHandle));
  await mns.deleteMessage('node', changed.ReceiptHandle);
  const deleted = await mns.batchDeleteMessage('node', rest.map((one) => one.ReceiptHandle));
  const empty = await refusal(mns.receiveMessage('node'));
  const listed = (await mns.listQueue('', 10, 'node')).body.length;
  await mns.deleteQueue('node');
  return {
    created: created.code,
    visibility: attributes.VisibilityTimeout,
    sameMessage: sent.MessageId === peeked.MessageId && sent.MessageId === first.MessageId,
    bodies: [first.MessageBody, ...rest.map((one) => one.MessageBody)],
    stale,
    deleted: deleted.code,
    empty,
    listed,
  };
}

async function topics(mns) {
  await mns.createTopic('node');
  await mns.setTopicAttributes('node', { MaximumMessageSize: 2048 });
  const attributes = (await mns.getTopicAttributes('node')).body;
  const published = await mns.publishMessage('node', { MessageBody: 'x', MessageTag: 'failed' });
  const tooLong = await refusal(mns.publishMessage('node', { MessageBody: 'x'.repeat(2049) }));
  return { size: attributes.MaximumMessageSize, published: published.code, tooLong };
}

async function instances(ecs, url) {
  const create = (changes) => ecs.createInstance(new models.CreateInstanceRequest({ ...PLAIN, ...changes }));
  const { instanceId } = (await create({ clientToken: 'node' })).body;
  const again = (await create({ clientToken: 'node' })).body.instanceId;
  const mismatch = await refusal(create({ clientToken: 'node', instanceName: 'other' }));
  const malformed = await refusal(create({ password: 'short' }));
  const status = async () => (await ecs.describeInstanceStatus(new models.DescribeInstanceStatusRequest({
    regionId: REGION,
    instanceId: [instanceId],
  }))).body.instanceStatuses.instanceStatus.map((one) => one.status);
  const seen = [await status()];
  while ((await status())[0] === 'Pending') await settled(20);
  const address = (await ecs.allocatePublicIpAddress(new models.AllocatePublicIpAddressRequest({ instanceId }))).body;
  await ecs.startInstance(new models.StartInstanceRequest({ instanceId }));
  while ((await status())[0] === 'Starting') await settled(20);
  seen.push(await status());
  await ecs.deleteInstance(new models.DeleteInstanceRequest({ instanceId, force: true }));
  seen.push(await status());
  const wrong = await refusal(ecsClient(url, 'wrong').startInstance(new models.StartInstanceRequest({ instanceId })));
  return { once: again === instanceId, mismatch, malformed, seen, address: Boolean(address.ipAddress), wrong };
}

run(async (url) => {
  const mns = mnsClient(url);
  return {
    queues: await queues(mns),
    topics: await topics(mns),
    wrongSecret: await refusal(mnsClient(url, 'wrong').peekMessage('node')),
    instances: await instances(ecsClient(url), url),
  };
});
