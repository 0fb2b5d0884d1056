import java.util.*;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int n = in.nextInt();
        List<String> names = new ArrayList<>();
        for (int i = 0; i < n; i++) names.add(in.next());
        Collections.sort(names);
        for (String name : names) {
            System.out.println(name);
            if (names.size() > 1) names.remove(name);
        }
    }
}
