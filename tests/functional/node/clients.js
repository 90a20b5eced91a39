'use strict';
// The three official clients, pointed at a local cloud (first argument of every script: its URL).

const { $OpenApiUtil } = require('@alicloud/openapi-core');
const ecs = require('@alicloud/ecs20140526');
const Mns = require('@alicloud/mns');
const TableStore = require('tablestore');

const ACCOUNT = '1000000000000001';
const KEY = 'local-access-key';
const SECRET = 'local-access-secret';
exports.REGION = 'cn-hangzhou';
exports.models = ecs;

exports.ecsClient = (url, secret = SECRET) => new ecs.default(new $OpenApiUtil.Config({
  accessKeyId: KEY,
  accessKeySecret: secret,
  endpoint: new URL(url).host,
  protocol: 'http',
}));

exports.mnsClient = (url, secret = SECRET) => new Mns(ACCOUNT, { accessKeyId: KEY, accessKeySecret: secret, endpoint: url });

exports.TableStore = TableStore;

exports.otsClient = (url) => new TableStore.Client({
  accessKeyId: KEY, secretAccessKey: SECRET, endpoint: url, instancename: 'provisioner', maxRetries: 0,
});

// Resolves to the code of a call that must be refused.
exports.refusal = async (promise) => {
  try {
    await promise;
  } catch (error) {
    return error.code || error.name;
  }
  throw new Error('not refused');
};

// Runs a script's main function and prints what it returns as JSON.
exports.run = async (main) => {
  try {
    console.log(JSON.stringify(await main(process.argv[2], process.argv.slice(3))));
    process.exit(0);
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
};
