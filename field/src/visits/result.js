// A finished interview in; what the pack says of these answers, at once and on the tablet, out.
import { alertsOf, assess } from "../meaning/assess.js";
import { devicePlan } from "./forms_here.js";

/** @param {Record<string, string>} answers */
export function toldBy(answers) {
  return {
    sex: answers.learner_sex || answers.r_sex || null,
    birth_date: answers.learner_birth_date || answers.r_birth_date || null,
    language: answers.learner_language || answers.r_home_language || null,
    grade: answers.learner_grade || answers.r_grade || null,
    on: answers.today || new Date().toISOString().slice(0, 10),
  };
}

/** @param {Record<string, string>} answers @param {string} language @returns {Promise<{levels: Record<string, any>, alerts: any[]} | null>} */
export async function resultOf(answers, language) {
  const plan = await devicePlan();
  if (!plan) return null;
  const result = assess(plan, answers, toldBy(answers));
  // Three answers may call for the same words; they are said once.
  const alerts = alertsOf(plan, result, language);
  return { levels: result.domains, alerts: alerts.filter((one, at) => alerts.findIndex((other) => other.say === one.say) === at) };
}
