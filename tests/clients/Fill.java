// A job (forms, media folders, scripts of answers) in; what ODK Collect's own engine, JavaRosa, makes of them out.
//
// Run with ODK Validate's jar, which carries JavaRosa and Jackson: java -cp ODK_Validate.jar:. Fill job.json
// The job: {"fills": [{"form": path, "media": folder, "out": path, "answers": {"question": "text"},
//   "seed": 7 or null, "blank": 0.1, "device": "…", "user": "…"}]}
// With a seed, questions the script does not name are answered at random, within their constraints, or left blank.
// Prints one line of JSON: [{"answered": {"question": "text"}, "asked": […], "problems": […]}].

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.javarosa.core.model.Constants;
import org.javarosa.core.model.CoreModelModule;
import org.javarosa.core.model.FormDef;
import org.javarosa.core.model.FormIndex;
import org.javarosa.core.model.SelectChoice;
import org.javarosa.core.model.ValidateOutcome;
import org.javarosa.core.model.data.DateData;
import org.javarosa.core.model.data.DecimalData;
import org.javarosa.core.model.data.IAnswerData;
import org.javarosa.core.model.data.IntegerData;
import org.javarosa.core.model.data.SelectMultiData;
import org.javarosa.core.model.data.SelectOneData;
import org.javarosa.core.model.data.StringData;
import org.javarosa.core.model.data.helper.Selection;
import org.javarosa.core.model.instance.InstanceInitializationFactory;
import org.javarosa.core.model.instance.TreeElement;
import org.javarosa.core.model.utils.DateUtils;
import org.javarosa.core.reference.PrefixedRootFactory;
import org.javarosa.core.reference.Reference;
import org.javarosa.core.reference.ReferenceManager;
import org.javarosa.core.services.IPropertyManager;
import org.javarosa.core.services.PropertyManager;
import org.javarosa.core.services.PrototypeManager;
import org.javarosa.core.services.properties.IPropertyRules;
import org.javarosa.core.util.JavaRosaCoreModule;
import org.javarosa.form.api.FormEntryController;
import org.javarosa.form.api.FormEntryModel;
import org.javarosa.form.api.FormEntryPrompt;
import org.javarosa.model.xform.XFormSerializingVisitor;
import org.javarosa.model.xform.XFormsModule;
import org.javarosa.xform.util.XFormUtils;

public class Fill {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MOST_TRIES = 60;

    public static void main(String[] arguments) throws Exception {
        PrintStream report = System.out;
        System.setOut(System.err); // JavaRosa talks on standard output
        PrototypeManager.registerPrototypes(JavaRosaCoreModule.classNames);
        PrototypeManager.registerPrototypes(CoreModelModule.classNames);
        new XFormsModule().registerModule();
        ArrayNode results = JSON.createArrayNode();
        for (JsonNode job : JSON.readTree(new File(arguments[0])).get("fills")) {
            results.add(new Fill(job).fill());
        }
        report.println(JSON.writeValueAsString(results));
    }

    private final JsonNode job;
    private final JsonNode script;
    private final Random chance; // null: only what the script says
    private final ObjectNode answered = JSON.createObjectNode();
    private final ArrayNode asked = JSON.createArrayNode();
    private final ArrayNode problems = JSON.createArrayNode();
    private FormDef form;

    Fill(JsonNode job) {
        this.job = job;
        script = job.has("answers") ? job.get("answers") : JSON.createObjectNode();
        chance = job.hasNonNull("seed") ? new Random(job.get("seed").asLong()) : null;
    }

    ObjectNode fill() throws Exception {
        serveMedia(Paths.get(job.get("media").asText()));
        PropertyManager.setPropertyManager(new DeviceProperties(Map.of(
                "deviceid", job.path("device").asText("collect:fill"),
                "username", job.path("user").asText("fieldworker"))));

        form = XFormUtils.getFormFromFormXml(job.get("form").asText(), null);
        form.initialize(true, new InstanceInitializationFactory());
        walk(new FormEntryController(new FormEntryModel(form)));
        form.postProcessInstance();
        ValidateOutcome outcome = form.validate();
        if (outcome != null && outcome.outcome != FormEntryController.ANSWER_OK) {
            problems.add(nameAt(outcome.failedPrompt) + ": not valid at the end, " + outcome.outcome);
        }
        byte[] xml = new XFormSerializingVisitor().serializeInstance(form.getMainInstance());
        Files.write(Paths.get(job.get("out").asText()), xml);
        script.fieldNames().forEachRemaining(this::reportUnasked);

        ObjectNode result = JSON.createObjectNode();
        result.set("answered", answered);
        result.set("asked", asked);
        result.set("problems", problems);
        return result;
    }

    private void reportUnasked(String name) {
        for (JsonNode each : asked) {
            if (each.asText().equals(name)) {
                return;
            }
        }
        problems.add(name + ": in the script, but never asked");
    }

    private void walk(FormEntryController controller) {
        FormEntryModel model = controller.getModel();
        controller.jumpToIndex(FormIndex.createBeginningOfFormIndex());
        int event = controller.stepToNextEvent();
        while (event != FormEntryController.EVENT_END_OF_FORM) {
            if (event == FormEntryController.EVENT_QUESTION) {
                answer(controller, model.getQuestionPrompt());
            }
            event = controller.stepToNextEvent();
        }
    }

    private void answer(FormEntryController controller, FormEntryPrompt prompt) {
        if (prompt.isReadOnly()) {
            return;
        }
        String name = nameAt(prompt.getIndex());
        asked.add(name);
        if (script.has(name)) {
            scripted(controller, prompt, name, script.get(name).asText());
        } else if (chance != null && !(chance.nextDouble() < job.path("blank").asDouble(0) && !prompt.isRequired())) {
            atRandom(controller, prompt, name);
        }
    }

    private void scripted(FormEntryController controller, FormEntryPrompt prompt, String name, String text) {
        IAnswerData data = typed(prompt, text);
        if (data == null) {
            problems.add(name + ": no such choice, or not of its type");
        } else if (controller.answerQuestion(prompt.getIndex(), data, true) != FormEntryController.ANSWER_OK) {
            problems.add(name + ": refused by its constraint");
        } else {
            answered.put(name, text);
        }
    }

    private void atRandom(FormEntryController controller, FormEntryPrompt prompt, String name) {
        for (int tries = 0; tries < MOST_TRIES; tries++) {
            String text = anyAnswer(prompt);
            IAnswerData data = text == null ? null : typed(prompt, text);
            if (data != null
                    && controller.answerQuestion(prompt.getIndex(), data, true) == FormEntryController.ANSWER_OK) {
                answered.put(name, text);
                return;
            }
        }
        if (prompt.isRequired()) {
            problems.add(name + ": required, and no random answer was accepted");
        }
    }

    private String anyAnswer(FormEntryPrompt prompt) {
        switch (prompt.getControlType()) {
            case Constants.CONTROL_SELECT_ONE: {
                List<SelectChoice> choices = prompt.getSelectChoices();
                return choices.isEmpty() ? null : choices.get(chance.nextInt(choices.size())).getValue();
            }
            case Constants.CONTROL_SELECT_MULTI: {
                List<String> chosen = new ArrayList<>();
                for (SelectChoice choice : prompt.getSelectChoices()) {
                    if (chance.nextInt(3) == 0) {
                        chosen.add(choice.getValue());
                    }
                }
                return chosen.isEmpty() ? null : String.join(" ", chosen);
            }
            case Constants.CONTROL_TRIGGER:
                return "OK";
            case Constants.CONTROL_UPLOAD:
                return null;
            default:
                return anyTyped(prompt);
        }
    }

    private String anyTyped(FormEntryPrompt prompt) {
        switch (prompt.getDataType()) {
            case Constants.DATATYPE_INTEGER:
                return Integer.toString((int) Math.round(anyNumber(prompt)));
            case Constants.DATATYPE_DECIMAL:
                return Double.toString(Math.round(anyNumber(prompt) * 10) / 10.0);
            case Constants.DATATYPE_DATE:
                return LocalDate.of(2017, 1, 1).plusDays(chance.nextInt(3650)).toString();
            case Constants.DATATYPE_TEXT:
                return "Nomvula " + (char) ('A' + chance.nextInt(26)) + chance.nextInt(1000);
            default:
                return null;
        }
    }

    /** A number near those its constraint names, else small. */
    private double anyNumber(FormEntryPrompt prompt) {
        List<Double> named = new ArrayList<>();
        TreeElement node = form.getMainInstance().resolveReference(prompt.getIndex().getReference());
        if (node.getConstraint() != null) {
            Matcher number = Pattern.compile("\\d+(\\.\\d+)?").matcher(node.getConstraint().constraint.toString());
            while (number.find()) {
                named.add(Double.parseDouble(number.group()));
            }
        }
        if (named.isEmpty()) {
            return chance.nextInt(12);
        }
        double low = named.stream().min(Double::compare).get();
        double high = named.stream().max(Double::compare).get();
        return low == high ? chance.nextDouble() * Math.max(2, high) : low + chance.nextDouble() * (high - low);
    }

    private static IAnswerData typed(FormEntryPrompt prompt, String text) {
        switch (prompt.getControlType()) {
            case Constants.CONTROL_SELECT_ONE: {
                SelectChoice choice = choiceOf(prompt, text);
                return choice == null ? null : new SelectOneData(choice.selection());
            }
            case Constants.CONTROL_SELECT_MULTI: {
                List<Selection> chosen = new ArrayList<>();
                for (String code : text.trim().split("\\s+")) {
                    SelectChoice choice = choiceOf(prompt, code);
                    if (choice == null) {
                        return null;
                    }
                    chosen.add(choice.selection());
                }
                return new SelectMultiData(chosen);
            }
            default:
                return typedByBind(prompt, text);
        }
    }

    private static IAnswerData typedByBind(FormEntryPrompt prompt, String text) {
        try {
            switch (prompt.getDataType()) {
                case Constants.DATATYPE_INTEGER:
                    return new IntegerData(Integer.parseInt(text.trim()));
                case Constants.DATATYPE_DECIMAL:
                    return new DecimalData(Double.parseDouble(text.trim()));
                case Constants.DATATYPE_DATE:
                    return new DateData(DateUtils.parseDate(text.trim()));
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

    private String nameAt(FormIndex index) {
        return form.getMainInstance().resolveReference(index.getReference()).getName();
    }

    static void serveMedia(Path folder) {
        ReferenceManager manager = ReferenceManager.instance();
        manager.reset();
        manager.addReferenceFactory(new PrefixedRootFactory(
                new String[] {"file/", "file-csv/", "images/", "audio/", "video/"}) {
            @Override
            protected Reference factory(String terminal, String uri) {
                return new FileIn(folder.resolve(terminal), uri);
            }
        });
    }

    /** What a device tells the form about itself. */
    static class DeviceProperties implements IPropertyManager {
        private final Map<String, String> values;

        DeviceProperties(Map<String, String> values) {
            this.values = values;
        }

        @Override
        public String getSingularProperty(String name) {
            return values.get(name);
        }

        @Override
        public List<String> getProperty(String name) {
            return values.containsKey(name) ? List.of(values.get(name)) : null;
        }

        @Override
        public void setProperty(String name, String value) {}

        @Override
        public void setProperty(String name, List<String> value) {}

        @Override
        public void addRules(IPropertyRules rules) {}

        @Override
        public List<IPropertyRules> getRules() {
            return List.of();
        }
    }

    /** A file of the media folder under its jr:// address. */
    private static class FileIn implements Reference {
        private final Path path;
        private final String uri;

        FileIn(Path path, String uri) {
            this.path = path;
            this.uri = uri;
        }

        @Override
        public boolean doesBinaryExist() {
            return Files.exists(path);
        }

        @Override
        public InputStream getStream() throws IOException {
            return new FileInputStream(path.toFile());
        }

        @Override
        public String getURI() {
            return uri;
        }

        @Override
        public String getLocalURI() {
            return path.toString();
        }

        @Override
        public boolean isReadOnly() {
            return true;
        }

        @Override
        public OutputStream getOutputStream() throws IOException {
            throw new IOException("media are only read");
        }

        @Override
        public void remove() {}

        @Override
        public Reference[] probeAlternativeReferences() {
            return new Reference[0];
        }
    }
}
