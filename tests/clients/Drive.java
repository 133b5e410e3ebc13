// Forms and sequences of what a person does in; how ODK Collect's own engine, JavaRosa, stands after every step out.
//
// java -cp ODK_Validate.jar:. Drive job.json, with the job of agreement.py: {"forms": [{"form", "media", "lists",
//   "repeats": [path], "runs": [{"steps": [{"do": "set"|"blank"|"add"|"remove"|"language"|"reopen", "at": path, "text"}]}]}]}
// One line of JSON per run: {"looks": [{"xml", "asked": {path: {…} or null}, "done"}]}, only what changed since the
// last look; or {"error": …}. Paths carry 1-based positions where something repeats.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.javarosa.core.model.Constants;
import org.javarosa.core.model.CoreModelModule;
import org.javarosa.core.model.FormDef;
import org.javarosa.core.model.FormIndex;
import org.javarosa.core.model.ItemsetBinding;
import org.javarosa.core.model.SelectChoice;
import org.javarosa.core.model.condition.EvaluationContext;
import org.javarosa.core.model.condition.IFunctionHandler;
import org.javarosa.core.model.data.DateData;
import org.javarosa.core.model.data.DateTimeData;
import org.javarosa.core.model.data.DecimalData;
import org.javarosa.core.model.data.IAnswerData;
import org.javarosa.core.model.data.IntegerData;
import org.javarosa.core.model.data.MultipleItemsData;
import org.javarosa.core.model.data.SelectMultiData;
import org.javarosa.core.model.data.SelectOneData;
import org.javarosa.core.model.data.StringData;
import org.javarosa.core.model.data.TimeData;
import org.javarosa.core.model.data.helper.Selection;
import org.javarosa.core.model.instance.InstanceInitializationFactory;
import org.javarosa.core.model.instance.TreeElement;
import org.javarosa.core.model.instance.TreeReference;
import org.javarosa.core.model.utils.DateUtils;
import org.javarosa.core.services.PropertyManager;
import org.javarosa.core.services.PrototypeManager;
import org.javarosa.core.util.JavaRosaCoreModule;
import org.javarosa.form.api.FormEntryController;
import org.javarosa.form.api.FormEntryModel;
import org.javarosa.form.api.FormEntryPrompt;
import org.javarosa.model.xform.XFormSerializingVisitor;
import org.javarosa.model.xform.XFormsModule;
import org.javarosa.xform.util.XFormUtils;
import org.javarosa.xpath.expr.XPathFuncExpr;

public class Drive {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MOST_WALKS = 5;

    public static void main(String[] arguments) throws Exception {
        System.setOut(System.err); // JavaRosa talks on standard output
        PrototypeManager.registerPrototypes(JavaRosaCoreModule.classNames);
        PrototypeManager.registerPrototypes(CoreModelModule.classNames);
        new XFormsModule().registerModule();
        PropertyManager.setPropertyManager(
                new Fill.DeviceProperties(Map.of("deviceid", "collect:fill", "username", "fieldworker")));
        try (PrintStream report = new PrintStream(new FileOutputStream(arguments[1]), false, "UTF-8")) {
            for (JsonNode form : JSON.readTree(new File(arguments[0])).get("forms")) {
                Fill.serveMedia(Paths.get(form.get("media").asText()));
                for (JsonNode run : form.get("runs")) {
                    report.println(JSON.writeValueAsString(outcome(form, run)));
                }
            }
        }
    }

    private static ObjectNode outcome(JsonNode form, JsonNode run) {
        ObjectNode result = JSON.createObjectNode();
        try {
            result.set("looks", new Drive(form).run(run.get("steps")));
        } catch (Exception | StackOverflowError problem) {
            result.put("error", problem.toString());
        }
        return result;
    }

    private final FormDef form;
    private final FormEntryController controller;
    private final FormEntryModel model;
    private final Set<String> repeats = new HashSet<>();
    private final Map<String, FormIndex> indexes = new LinkedHashMap<>();
    private Map<String, ObjectNode> shown = new LinkedHashMap<>();
    private final boolean asItIs; // with what JavaRosa forgets to do until a form is opened again
    private String xml;

    Drive(JsonNode job) throws Exception {
        form = XFormUtils.getFormFromFormXml(job.get("form").asText(), null);
        form.getEvaluationContext().addFunctionHandler(new PullData());
        asItIs = job.path("as_it_is").asBoolean();
        job.get("repeats").forEach(path -> repeats.add(path.asText()));
        form.initialize(true, new InstanceInitializationFactory());
        model = new FormEntryModel(form);
        controller = new FormEntryController(model);
        if (model.getLanguages() != null) {
            controller.setLanguage(job.path("language").asText(model.getLanguages()[0]));
        }
    }

    ArrayNode run(JsonNode steps) throws Exception {
        ArrayNode looks = JSON.createArrayNode();
        looks.add(look(""));
        for (JsonNode step : steps) {
            looks.add(look(take(step)));
        }
        return looks;
    }

    private String take(JsonNode step) {
        String at = step.path("at").asText();
        FormIndex index = indexes.get(at);
        switch (step.get("do").asText()) {
            case "language":
                controller.setLanguage(step.get("text").asText());
                return "";
            case "reopen": // a draft put away and taken up again must change nothing
                return "";
            case "add":
                index = indexes.get("new:" + at);
                if (index == null) {
                    return "cannot";
                }
                controller.newRepeat(index);
                return "";
            case "remove":
                index = indexes.get("repeat:" + at);
                if (index == null) {
                    return "cannot";
                }
                Map<TreeElement, String> before = new IdentityHashMap<>();
                answers(form.getMainInstance().getRoot(), before);
                controller.deleteRepeat(index);
                if (!asItIs) {
                    recalculate(form.getMainInstance().getRoot(), before);
                }
                return "";
            default:
                return answer(index, step.path("text").asText(""));
        }
    }

    private void answers(TreeElement element, Map<TreeElement, String> found) {
        found.put(element, text(element.getValue()));
        for (int child = 0; child < element.getNumChildren(); child++) {
            answers(element.getChildAt(child), found);
        }
    }

    /** When a repeat goes, JavaRosa may calculate a sum of sums before the sums, and leaves it at that. */
    private void recalculate(TreeElement element, Map<TreeElement, String> before) {
        if (element.getNumChildren() == 0 && !text(element.getValue()).equals(before.get(element))) {
            form.triggerTriggerables(element.getRef());
        }
        for (int child = 0; child < element.getNumChildren(); child++) {
            recalculate(element.getChildAt(child), before);
        }
    }

    private String answer(FormIndex index, String text) {
        if (index == null) {
            return "cannot";
        }
        FormEntryPrompt prompt = model.getQuestionPrompt(index);
        if (prompt.isReadOnly()) {
            return "cannot";
        }
        IAnswerData data = text.isEmpty() ? null : typed(prompt, text);
        if (data == null && !text.isEmpty()) {
            return "cannot";
        }
        controller.saveAnswer(index, data, true);
        return "";
    }

    /** What there is to see. Seeing makes counted repeats, and forgets choices no longer offered: so look until it stays. */
    private ObjectNode look(String done) throws Exception {
        Map<String, ObjectNode> now = null;
        String text = null;
        for (int walks = 0; walks < MOST_WALKS; walks++) {
            now = walk();
            String again = new String(
                    new XFormSerializingVisitor().serializeInstance(form.getMainInstance()), StandardCharsets.UTF_8);
            if (again.equals(text)) {
                break;
            }
            text = again;
        }
        ObjectNode result = JSON.createObjectNode();
        if (!done.isEmpty()) {
            result.put("done", done);
        }
        if (!text.equals(xml)) {
            result.put("xml", text);
        }
        ObjectNode asked = JSON.createObjectNode();
        for (Map.Entry<String, ObjectNode> each : now.entrySet()) {
            if (!each.getValue().equals(shown.get(each.getKey()))) {
                asked.set(each.getKey(), each.getValue());
            }
        }
        for (String path : shown.keySet()) {
            if (!now.containsKey(path)) {
                asked.putNull(path);
            }
        }
        if (asked.size() > 0) {
            result.set("asked", asked);
        }
        xml = text;
        shown = now;
        return result;
    }

    private Map<String, ObjectNode> walk() {
        Map<String, ObjectNode> now = new LinkedHashMap<>();
        indexes.clear();
        controller.jumpToIndex(FormIndex.createBeginningOfFormIndex());
        int event = controller.stepToNextEvent();
        while (event != FormEntryController.EVENT_END_OF_FORM) {
            FormIndex index = model.getFormIndex();
            String path = path(index.getReference());
            if (event == FormEntryController.EVENT_QUESTION) {
                indexes.put(path, index);
                now.put(path, question(model.getQuestionPrompt()));
            } else if (event == FormEntryController.EVENT_REPEAT) {
                indexes.put("repeat:" + path, index);
            } else if (event == FormEntryController.EVENT_PROMPT_NEW_REPEAT) {
                indexes.put("new:" + path.replaceAll("\\[\\d+\\]$", ""), index);
            }
            event = controller.stepToNextEvent();
        }
        return now;
    }

    private ObjectNode question(FormEntryPrompt prompt) {
        ObjectNode result = JSON.createObjectNode();
        if (prompt.getControlType() == Constants.CONTROL_SELECT_ONE
                || prompt.getControlType() == Constants.CONTROL_SELECT_MULTI
                || prompt.getControlType() == Constants.CONTROL_RANK) {
            ArrayNode choices = result.putArray("choices");
            TreeElement node = form.getMainInstance().resolveReference(prompt.getIndex().getReference());
            IAnswerData before = node.getValue();
            forgetChoices(prompt);
            for (SelectChoice choice : prompt.getSelectChoices()) {
                choices.addArray().add(choice.getValue()).add(prompt.getSelectChoiceText(choice));
            }
            if (!asItIs && !text(before).equals(text(prompt.getAnswerValue()))) {
                saveAsShown(prompt, node, before);
            }
        }
        result.put("label", text(prompt.getQuestionText()));
        result.put("hint", text(prompt.getHelpText()));
        result.put("required", prompt.isRequired());
        result.put("readonly", prompt.isReadOnly());
        IAnswerData value = prompt.getAnswerValue();
        TreeReference reference = prompt.getIndex().getReference();
        if (value == null) {
            result.put("verdict", prompt.isRequired() ? "required" : "");
        } else if (!form.evaluateConstraint(reference, value)) {
            result.put("verdict", "constraint");
            result.put("message", text(prompt.getConstraintText(value)));
        } else {
            result.put("verdict", "");
        }
        return result;
    }

    /**
     * JavaRosa takes a choice that is no longer offered out of the answer, and leaves what was calculated from it as it
     * was until the form is opened again. It is told here, as if the person had taken the choice back.
     */
    private void saveAsShown(FormEntryPrompt prompt, TreeElement node, IAnswerData before) {
        IAnswerData value = prompt.getAnswerValue();
        node.setAnswer(before);
        controller.saveAnswer(prompt.getIndex(), text(value).isEmpty() ? null : value, true);
    }

    /**
     * JavaRosa keeps a filtered list as long as the answers its filter names are the same, also when one of them has
     * been hidden meanwhile and no longer counts. A form opened again makes it anew; so do we.
     */
    private void forgetChoices(FormEntryPrompt prompt) {
        ItemsetBinding choices = prompt.getQuestion().getDynamicChoices();
        if (choices == null || asItIs) {
            return;
        }
        try {
            Field kept = ItemsetBinding.class.getDeclaredField("cachedTriggerValues");
            kept.setAccessible(true);
            kept.set(choices, null);
        } catch (ReflectiveOperationException problem) {
            throw new IllegalStateException(problem);
        }
    }

    private static String text(IAnswerData value) {
        return value == null ? "" : value.uncast().getString();
    }

    private static String text(String text) {
        return text == null ? "" : text.strip();
    }

    private String path(TreeReference reference) {
        StringBuilder path = new StringBuilder();
        StringBuilder generic = new StringBuilder();
        for (int step = 0; step < reference.size(); step++) {
            path.append('/').append(reference.getName(step));
            generic.append('/').append(reference.getName(step));
            if (repeats.contains(generic.toString())) {
                path.append('[').append(Math.max(reference.getMultiplicity(step), 0) + 1).append(']');
            }
        }
        return path.toString();
    }

    private static IAnswerData typed(FormEntryPrompt prompt, String text) {
        try {
            switch (prompt.getControlType()) {
                case Constants.CONTROL_SELECT_ONE: {
                    SelectChoice choice = choiceOf(prompt, text);
                    return choice == null ? null : new SelectOneData(choice.selection());
                }
                case Constants.CONTROL_RANK:
                case Constants.CONTROL_SELECT_MULTI: {
                    List<Selection> chosen = new ArrayList<>();
                    for (String code : text.split(" ")) {
                        SelectChoice choice = choiceOf(prompt, code);
                        if (choice == null) {
                            return null;
                        }
                        chosen.add(choice.selection());
                    }
                    return prompt.getControlType() == Constants.CONTROL_RANK
                            ? new MultipleItemsData(chosen)
                            : new SelectMultiData(chosen);
                }
                default:
            }
            switch (prompt.getDataType()) {
                case Constants.DATATYPE_INTEGER:
                    return new IntegerData(Integer.parseInt(text));
                case Constants.DATATYPE_DECIMAL:
                    return new DecimalData(Double.parseDouble(text));
                case Constants.DATATYPE_DATE:
                    return new DateData(DateUtils.parseDate(text));
                case Constants.DATATYPE_TIME:
                    return new TimeData(DateUtils.parseTime(text));
                case Constants.DATATYPE_DATE_TIME:
                    return new DateTimeData(DateUtils.parseDateTime(text));
                default:
                    return new StringData(text);
            }
        } catch (NumberFormatException problem) {
            return null;
        }
    }

    private static SelectChoice choiceOf(FormEntryPrompt prompt, String value) {
        for (SelectChoice choice : prompt.getSelectChoices()) {
            if (choice.getValue().equals(value)) {
                return choice;
            }
        }
        return null;
    }

    /** Collect's own function, which JavaRosa leaves to its host: pulldata(list, column, key column, key). */
    private class PullData implements IFunctionHandler {
        @Override
        public String getName() {
            return "pulldata";
        }

        @Override
        public List<Class[]> getPrototypes() {
            return new ArrayList<>();
        }

        @Override
        public boolean rawArgs() {
            return true;
        }

        @Override
        public boolean realTime() {
            return false;
        }

        @Override
        public Object eval(Object[] arguments, EvaluationContext context) {
            String wanted = XPathFuncExpr.toString(arguments[3]);
            if (wanted.isEmpty()) {
                return "";
            }
            TreeElement root = (TreeElement) form.getNonMainInstance(XPathFuncExpr.toString(arguments[0])).getRoot();
            for (TreeElement item : root.getChildrenWithName("item")) {
                if (wanted.equals(column(item, XPathFuncExpr.toString(arguments[2])))) {
                    return column(item, XPathFuncExpr.toString(arguments[1]));
                }
            }
            return "";
        }

        private String column(TreeElement item, String name) {
            TreeElement cell = item.getFirstChild(name);
            return cell == null || cell.getValue() == null ? "" : cell.getValue().uncast().getString();
        }
    }
}
