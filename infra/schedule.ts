/** Runs a function again and again, with the payload given. */
import type { Duration } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { GatewayFunction } from './gateway-function.ts';

export function runEvery(component: GatewayFunction, every: Duration, payload: object): void {
  new Rule(component, 'Schedule', {
    schedule: Schedule.rate(every),
    targets: [new LambdaFunction(component.lambda, { event: RuleTargetInput.fromObject(payload) })],
  });
}
