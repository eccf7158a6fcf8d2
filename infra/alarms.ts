/**
 * Alarms on symptoms, each with an article of its name in docs/operator-runbook.md. Those that mean "mail is not
 * moving" are gathered into one, `page`, which is what should wake somebody.
 */
import {
  Alarm,
  AlarmRule,
  ComparisonOperator,
  CompositeAlarm,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { pascalCase } from './construct-id.ts';
import type { Deployment } from './deployment.ts';
import { symptomsOf, type Symptom, type Watched } from './symptoms.ts';

const runbook = 'docs/operator-runbook.md';

export class Alarms extends Construct {
  readonly page: CompositeAlarm;
  readonly all: readonly Alarm[];

  constructor(scope: Construct, watched: Watched) {
    super(scope, 'Alarms');
    const { stackName } = watched.deployment;
    const made = symptomsOf(watched).map((symptom) => ({ symptom, alarm: this.alarm(stackName, symptom) }));
    this.all = made.map(({ alarm }) => alarm);
    this.page = new CompositeAlarm(this, 'Page', {
      compositeAlarmName: `${stackName}-page`,
      alarmDescription: `Mail is not moving, or will soon be late. ${runbook}#page`,
      alarmRule: AlarmRule.anyOf(...made.filter(({ symptom }) => symptom.wakes).map(({ alarm }) => alarm)),
    });
    this.tell(watched.deployment);
  }

  private alarm(stackName: string, symptom: Symptom): Alarm {
    const { name, says, metric, atLeast, below, periods = 1, silenceIsBad = false } = symptom;
    return new Alarm(this, pascalCase(name), {
      alarmName: `${stackName}-${name}`,
      alarmDescription: `${says} ${runbook}#${name}`,
      metric,
      threshold: atLeast ?? below ?? 1,
      comparisonOperator:
        below === undefined
          ? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
          : ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: periods,
      treatMissingData: silenceIsBad ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    });
  }

  /** The address hears of every alarm, and of the page. */
  private tell({ alarmAddress }: Deployment): void {
    if (alarmAddress === '') return;
    const topic = new Topic(this, 'Topic', { enforceSSL: true });
    topic.addSubscription(new EmailSubscription(alarmAddress));
    for (const alarm of [this.page, ...this.all]) alarm.addAlarmAction(new SnsAction(topic));
  }
}
